"""`just bench --page`: the numbers and the picture of docs/performance.md."""

import argparse
import os
import platform
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import load
from benchmarks.programs import ROOT

PAGE = ROOT / "docs" / "performance.md"
PICTURE = "pictures/performance.svg"
BEGIN, END = "<!-- just bench --page -->\n", "<!-- end -->\n"


def conditions(arguments: argparse.Namespace, day: datetime) -> str:
    """Return when, where and how was measured, as a sentence."""
    how = "in the process, without a server"
    if not arguments.in_process:
        how = f"over HTTP, {arguments.seconds} s of load from {load.CLIENTS} connections"
    busy = f"a load of {os.getloadavg()[0]:.1f} at the end"
    return (
        f"{day:%Y-%m-%d}, {processor()}, {os.cpu_count()} cores with {busy}, "
        f"Python {platform.python_version()}; rounds: {arguments.rounds}; {how}."
    )


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the name of the processor; or of its kind if it has none."""
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def with_numbers(page: str, said: str, tables: str) -> str:
    """Return the page with other numbers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        message = f"{PAGE.name} has no lines {BEGIN.strip()} and {END.strip()}."
        raise ValueError(message)
    picture = f"![CPU of each request, by program]({PICTURE})"
    return f"{before}{BEGIN}\n{said}\n\n{picture}\n\n{tables.strip()}\n\n{END}{after}"


def write(arguments: argparse.Namespace, tables: str, drawing: str) -> None:
    """Write the page and its picture."""
    said = conditions(arguments, datetime.now(UTC))
    PAGE.write_text(with_numbers(PAGE.read_text(), said, tables))
    (PAGE.parent / PICTURE).write_text(drawing)
