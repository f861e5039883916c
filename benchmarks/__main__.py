"""`uv run just bench`: what a request costs, compared with bare FastAPI and plain SQLAlchemy.

It is not a test: a busy machine changes every number. Compare programs of one run only; they are
measured in turn, so that all of them have the same neighbours.
"""

import argparse
import asyncio
import json
import warnings
from dataclasses import asdict
from pathlib import Path

from copier.errors import DirtyLocalWarning

from benchmarks import in_process, load, page, report
from benchmarks.programs import ROOT, make_programs, prepare, servers
from benchmarks.start import measure_start
from benchmarks.works import WORKS

FOLDER = ROOT / ".local" / "bench"


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="just bench", description=__doc__)
    parser.add_argument(
        "--in-process", action="store_true", help="without HTTP: quick, needs no wrk"
    )
    parser.add_argument("--compare", metavar="REF", help="measure the template at REF too")
    parser.add_argument("--rounds", type=int, default=5, help="of all programs (default: 5)")
    parser.add_argument("--seconds", type=int, default=3, help="of load in a round (default: 3)")
    parser.add_argument("--work", choices=WORKS, action="append", help="only this; may be repeated")
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder (.local/bench)")
    parser.add_argument("--page", action="store_true", help="write docs/performance.md too")
    return parser.parse_args()


def main(arguments: argparse.Namespace) -> None:
    """Render, measure, and write table, picture and samples."""
    folder: Path = arguments.output.resolve()  # programs run in their own folders
    folder.mkdir(parents=True, exist_ok=True)
    refs = [None, arguments.compare] if arguments.compare else [None]
    programs = make_programs(folder / "projects", refs)
    works = arguments.work or list(WORKS)
    full = next(program for program in programs if program.name == "full")
    with servers(full.project) as (database_url, redis_url):
        for place, program in enumerate(programs):
            prepare(program, database_url, redis_url, place)
        memory: dict[str, float] = {}
        if arguments.in_process:
            samples = asyncio.run(in_process.measure(programs, arguments.rounds, works))
        else:
            samples, memory = load.measure(programs, arguments.rounds, works, arguments.seconds)
        own = [program for program in programs if program.is_service]
        measured = [measure_start(program, arguments.rounds) for program in own]
    tables = [report.table(samples), report.starts(measured, memory)]
    if arguments.compare:
        tables.insert(1, report.comparison(samples, arguments.compare))
    text = "\n\n".join(tables) + "\n"
    raw = {
        "samples": [asdict(sample) for sample in samples],
        "starts": [asdict(start) for start in measured],
        "idle_mb": memory,
    }
    (folder / "samples.json").write_text(json.dumps(raw, indent=1))
    (folder / "table.md").write_text(text)
    (folder / "chart.svg").write_text(report.picture(samples))
    if arguments.page:
        page.write(arguments, text, report.picture(samples))
    print(f"{text}\n{folder}: samples.json, table.md, chart.svg")


if __name__ == "__main__":
    warnings.simplefilter("ignore", DirtyLocalWarning)
    main(parse())
