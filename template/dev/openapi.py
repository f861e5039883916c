"""`python -m dev.openapi`: write `docs/openapi.json`, check it, and find what breaks clients.

A later version of the API has a file of its own, such as `docs/openapi-v2.json`.
"""

import json
import re
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from app.cli import openapi_documents
from app.core.settings import SettingsError
from dev.api_diff import breaking_changes
from dev.generated_file import GeneratedFile
from dev.git import GitError, default_branch, file_names, read_file
from dev.project import ROOT, say

LATER = re.compile(r"openapi-(v\d+)\.json")
NOTHING = '{"paths": {}}'
ALLOWED = "docs/api-breaks.md"

Documents = dict[str, str]

USAGE = """\
python -m dev.openapi write        write docs/openapi.json, if the API has changed
python -m dev.openapi check        fail if docs/openapi.json is stale
python -m dev.openapi diff [REF]   list what breaks clients of the API that REF has"""


def file_of(version: str) -> GeneratedFile:
    """Return the file of a version's document."""
    name = "openapi.json" if version == "v1" else f"openapi-{version}.json"
    return GeneratedFile(f"docs/{name}", "just openapi")


def write(documents: Documents, root: Path = ROOT) -> int:
    """Write the documents that have changed; delete those of versions that are gone."""
    for version, document in documents.items():
        file_of(version).write(document, root)
    for version in _later_versions(path.name for path in (root / "docs").iterdir()):
        if version not in documents:
            (root / file_of(version).path).unlink()
            say(f"{file_of(version).path} was deleted: there is no {version} any more.")
    return 0


def check(documents: Documents, root: Path = ROOT) -> int:
    """Return 1 if a file is stale, or there is one of a version that is gone."""
    later = _later_versions(path.name for path in (root / "docs").iterdir())
    known = dict.fromkeys(later, NOTHING) | documents
    return max(file_of(version).check(document, root) for version, document in known.items())


def diff(documents: Documents, reference: str | None = None, root: Path = ROOT) -> int:
    """Print what breaks clients of the reference's API; return 1 if there is anything.

    Changes that `docs/api-breaks.md` repeats, with a reason, are left out.
    """
    base = reference or default_branch(root)
    if base is None:
        raise GitError("There is no default branch to compare with: name a commit.")
    if read_file(root, base, file_of("v1").path) is None:
        say(f"{base} has no {file_of('v1').path}: there is nothing to compare with.")
        return 0
    known = dict.fromkeys(_later_versions(file_names(root, base, "docs")), NOTHING) | documents
    changes = chain(*(_changes(base, version, new, root) for version, new in known.items()))
    allowed = _allowed(root)
    broken = [line for line in dict.fromkeys(changes) if not _is_allowed(line, allowed)]
    for line in broken:
        print(line)
    if not broken:
        say(f"No change breaks clients of the API that {base} has.")
    else:
        say(f"To allow a change, add its line to {ALLOWED}, followed by `: reason`.")
    return 1 if broken else 0


def _changes(base: str, version: str, document: str, root: Path) -> list[str]:
    file = file_of(version)
    old = read_file(root, base, file.path) or NOTHING
    # A stale file is compared too: it may be what is going to be committed.
    news = dict.fromkeys([file.read(root) or document, document])
    return [line for new in news for line in breaking_changes(json.loads(old), json.loads(new))]


def _later_versions(names: Iterable[str]) -> list[str]:
    return sorted(match[1] for name in names if (match := LATER.fullmatch(name)))


def _documents() -> Documents:
    return {version: text + "\n" for version, text in openapi_documents().items()}


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
                return write(_documents())
            case ["check"]:
                return check(_documents())
            case ["diff"]:
                return diff(_documents())
            case ["diff", reference]:
                return diff(_documents(), reference)
    except (GitError, SettingsError) as error:
        say(str(error))
        return 2
    say(USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
