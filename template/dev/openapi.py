"""`python -m dev.openapi`: write `docs/openapi.json`, check it, and find what breaks clients."""

import json
import sys
from itertools import chain
from pathlib import Path

from app.cli import openapi_document
from app.core.settings import SettingsError
from dev.api_diff import breaking_changes
from dev.generated_file import GeneratedFile
from dev.git import GitError, default_branch, read_file
from dev.project import ROOT, say

DOCUMENT = GeneratedFile("docs/openapi.json", "just openapi")
ALLOWED = "docs/api-breaks.md"

USAGE = """\
python -m dev.openapi write        write docs/openapi.json, if the API has changed
python -m dev.openapi check        fail if docs/openapi.json is stale
python -m dev.openapi diff [REF]   list what breaks clients of the API that REF has"""


def diff(document: str, reference: str | None = None, root: Path = ROOT) -> int:
    """Print what breaks clients of the reference's API; return 1 if there is anything.

    Changes that `docs/api-breaks.md` repeats, with a reason, are left out.
    """
    base = reference or default_branch(root)
    if base is None:
        raise GitError("There is no default branch to compare with: name a commit.")
    old = read_file(root, base, DOCUMENT.path)
    if old is None:
        say(f"{base} has no {DOCUMENT.path}: there is nothing to compare with.")
        return 0
    # A stale file is compared too: it may be what is going to be committed.
    documents = dict.fromkeys([DOCUMENT.read(root) or document, document])
    changes = [breaking_changes(json.loads(old), json.loads(new)) for new in documents]
    allowed = _allowed(root)
    broken = [line for line in dict.fromkeys(chain(*changes)) if not _is_allowed(line, allowed)]
    for line in broken:
        print(line)
    if broken:
        say(f"To allow a change, add its line to {ALLOWED}, followed by `: reason`.")
    return 1 if broken else 0


def _document() -> str:
    return openapi_document() + "\n"


def _allowed(root: Path) -> list[str]:
    file = root / ALLOWED
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [line.strip().removeprefix("- ") for line in lines]


def _is_allowed(change: str, allowed: list[str]) -> bool:
    """Whether a line repeats the change and gives a reason."""
    prefix = f"{change}:"
    return any(line.startswith(prefix) and line != prefix for line in allowed)


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit code."""
    try:
        match arguments:
            case ["write"]:
                return DOCUMENT.write(_document())
            case ["check"]:
                return DOCUMENT.check(_document())
            case ["diff"]:
                return diff(_document())
            case ["diff", reference]:
                return diff(_document(), reference)
    except (GitError, SettingsError) as error:
        say(str(error))
        return 2
    say(USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
