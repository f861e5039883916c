"""`python -m dev.reference`: write `docs/reference.md`, or check it."""

import sys

from app.core.settings import SettingsError
from dev.generated_file import GeneratedFile
from dev.project import say
from dev.reference.page import page

PAGE = GeneratedFile("docs/reference.md", "just reference")

USAGE = """\
python -m dev.reference write   write docs/reference.md, if what it describes has changed
python -m dev.reference check   fail if docs/reference.md is stale"""


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit code."""
    commands = {"write": PAGE.write, "check": PAGE.check}
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
