"""`python -m dev.reference`: write `docs/reference.md`, or check it."""

import sys
from pathlib import Path

from app.core.settings import SettingsError
from dev.project import ROOT, say
from dev.reference.page import page

FILE = "docs/reference.md"

USAGE = """\
python -m dev.reference write   write docs/reference.md, if what it describes has changed
python -m dev.reference check   fail if docs/reference.md is stale"""


def write(text: str, root: Path = ROOT) -> int:
    """Write the page, unless the file has it already."""
    if _read(root) != text:
        (root / FILE).write_text(text, encoding="utf-8")
        say(f"{FILE} was written: commit it.")
    return 0


def check(text: str, root: Path = ROOT) -> int:
    """Return 1 if the file is not what the code says. A new project has no file yet."""
    file = _read(root)
    if file is None:
        say(f"There is no {FILE} yet: `just reference` writes it.")
        return 0
    if file == text:
        return 0
    say(f"{FILE} is stale: run `just reference`, and commit the file.")
    return 1


def _read(root: Path) -> str | None:
    file = root / FILE
    return file.read_text(encoding="utf-8") if file.exists() else None


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit code."""
    commands = {"write": write, "check": check}
    if len(arguments) != 1 or arguments[0] not in commands:
        say(USAGE)
        return 2
    try:
        return commands[arguments[0]](page())
    except SettingsError as error:
        say(str(error))
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
