"""Makes the pictures of README.md from a service that it generates: `just pictures`.

`terminal.svg` is what the commands print, without times and lines that say nothing; `api-docs.png`
is `/docs` in Chromium (Debian's package `chromium`).
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from PIL import Image
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
WIDTH = 100
PORT = os.environ.get("PORT", "8000")
SERVICE = f"http://127.0.0.1:{PORT}"
START_SECONDS = 300

# Each command, and which of its lines are shown.
COPY = "uvx copier copy --defaults . ../my-service && cd ../my-service"
RESOURCE = 'uv run just resource invoice number:str:unique amount:money "status:enum(draft,sent)"'
TEST = "uv run pytest tests/invoices"
DEV = "uv run just dev"
ASK = f"curl --silent {SERVICE}/health/ready"
SHOWN = {
    COPY: r"was generated",
    RESOURCE: r"^Written|^app/.*invoice|test_invoices|migrations/",
    TEST: r"^=.* passed",
    DEV: r"documentation|PostgreSQL|running on",
    ASK: r"\{",
}


def output(command: str, folder: Path) -> str:
    """Run a command, and return what it prints."""
    done = subprocess.run(  # noqa: S602  (our own commands)
        command, shell=True, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        sys.exit(f"{command}\n{done.stdout}")
    return done.stdout


def shown(command: str, printed: str) -> Iterator[str]:
    """Yield the lines of a command that are shown."""
    for line in printed.splitlines():
        if re.search(SHOWN[command], line):
            yield re.sub(r"^=+ | in [\d.]+s.*| Next:$", "", line).replace(f":{PORT}", ":8000")


@contextmanager
def serving(project: Path) -> Iterator[Path]:
    """Serve a project until the block ends, and return the file that its output goes to."""
    log = project / ".local/dev.log"
    with log.open("w") as file:
        process = subprocess.Popen(DEV.split(), cwd=project, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if time.monotonic() > deadline or process.poll() is not None:
                sys.exit(log.read_text())
            time.sleep(0.5)
        yield log
    finally:
        process.terminate()
        process.wait()


def is_ready() -> bool:
    """Return whether the service answers."""
    try:
        with urlopen(f"{SERVICE}/health/ready"):
            return True
    except URLError:
        return False


def draw_terminal(session: dict[str, str]) -> None:
    """Draw commands and what they printed."""
    console = Console(record=True, width=WIDTH, file=StringIO(), force_terminal=True)
    for number, (command, printed) in enumerate(session.items()):
        if number:
            console.print()
        words = command.replace(f":{PORT}", ":8000")
        console.print(Text.assemble(("$ ", "bold green"), (words, "bold")))
        for line in shown(command, printed):
            console.print(Text.from_ansi(line))
    # Without the fonts that it would fetch from another host.
    plain = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    svg = console.export_svg(title="my-service", code_format=plain, unique_id="terminal")
    text = "\n".join(line.rstrip() for line in svg.splitlines())
    (HERE / "terminal.svg").write_text(f"{text}\n")


def draw_api_docs(folder: Path) -> None:
    """Photograph `/docs`."""
    chromium = shutil.which("chromium") or sys.exit("Install chromium, then run this again.")
    picture = HERE / "api-docs.png"
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=1200,1000"]
    wait = "--virtual-time-budget=20000"
    command = [chromium, *options, wait, f"--screenshot={picture}", f"{SERVICE}/docs"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    # 64 colours are enough, and a fourth of the size.
    Image.open(picture).quantize(64).save(picture, optimize=True)


def main() -> None:
    """Generate a service, use it, and draw both pictures."""
    os.environ.pop("VIRTUAL_ENV", None)
    with tempfile.TemporaryDirectory() as name:
        clone, project = Path(name) / "copier-fastapi", Path(name) / "my-service"
        subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
        session = {COPY: output(COPY, clone)}
        session |= {command: output(command, project) for command in (RESOURCE, TEST)}
        with serving(project) as log:
            session[DEV] = log.read_text()
            session[ASK] = output(ASK, project)
            draw_api_docs(project)
    draw_terminal(session)


if __name__ == "__main__":
    main()
