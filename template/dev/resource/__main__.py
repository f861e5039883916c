"""`python -m dev.resource`: what `just resource` and `just resource-undo` run."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from dev.project import say
from dev.resource import commands
from dev.resource.spec import ResourceError


class Parser(argparse.ArgumentParser):
    """A parser that says in one sentence what is wrong."""

    def error(self, message: str) -> NoReturn:
        """Raise `ResourceError`."""
        raise ResourceError(f"{message[0].upper()}{message[1:]}.")


def parser() -> Parser:
    """Make the parser of `make`."""
    root = Parser(prog="just resource", allow_abbrev=False)
    root.add_argument("name", metavar="NAME", help="singular, snake_case")
    field = "name:type[?][:unique|:index][=default]"
    root.add_argument("fields", metavar="FIELD", nargs="*", help=field)
    root.add_argument("--plural", help="if the simple rules give another")
    root.add_argument("--shared", action="store_true", help="rows belong to no user")
    root.add_argument("--cached", action="store_true", help="reads go through the cache")
    root.add_argument("--dry-run", action="store_true", help="only say what would be written")
    root.add_argument("--diff", action="store_true", help="compare with what would be written now")
    return root


def main(arguments: Sequence[str]) -> int:
    """Run a command, and return its exit code."""
    try:
        match arguments:
            case ["undo", name]:
                return commands.undo(name)
            case ["make", *line]:
                parsed = parser().parse_intermixed_args(line)
                if not parsed.diff:
                    return commands.make(commands.understand(parsed), line, dry_run=parsed.dry_run)
                record = commands.read_record(parsed.name)
                return commands.diff(
                    commands.understand(parser().parse_intermixed_args(record["line"]))
                )
        raise ResourceError("Write `just resource NAME FIELD...` or `just resource-undo NAME`.")
    except ResourceError as error:
        say(str(error))
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
