"""What `just resource` does: write the files, wire them, compare and take them back."""

import difflib
import json
import shutil
import subprocess
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from dev.project import ROOT, LauncherError, say
from dev.resource import migration
from dev.resource.existing import check_defined_once, check_free, words_of
from dev.resource.line import read_line
from dev.resource.render import render, targets
from dev.resource.spec import NAME, Resource, ResourceError
from dev.resource.wiring import check_permission, missing_lines, unwire, wire, with_line

MADE = ROOT / "dev" / "resource" / "made"
API_DOCUMENTS = "docs/openapi*.json"
REFERENCE = "docs/reference.md"


def make(resource: Resource, line: Sequence[str], *, dry_run: bool) -> int:
    """Write a resource. Everything is checked first: an error writes nothing."""
    check_free(resource, list(targets(resource).values()), words_of(resource))
    check_permission(resource)
    files = render(resource)
    check_defined_once(files)
    wiring = missing_lines(resource)
    if dry_run:
        lines = [f"and into {path}:\n{line.rstrip()}" for path, line in wiring.items()]
        say("\n".join(["Would write:", *files, *lines]))
        return 0
    made: dict[str, Any] = {"line": list(line), "plural": resource.plural, "wiring": wiring}
    made |= {"files": {path: sha256(text.encode()).hexdigest() for path, text in files.items()}}
    made |= {"documents": {}, "migration": None}
    note(resource.name, made)  # first: what is interrupted can be undone
    for path, text in files.items():
        write(path, text)
    for path, text in wiring.items():
        wire(path, text)
    for add in (add_documents, add_migration):
        add(made, resource)
        note(resource.name, made)
    say("\n".join(["Written, and yours:", *made["files"]]))
    return 0


def add_documents(made: dict[str, Any], resource: Resource) -> None:
    """Write the documents, unless a permission that is not listed would be an error."""
    before = documents()
    if not missing_lines(resource):
        write_documents(new=True)
    made["documents"] = {path: of for path, of in documents().items() if path not in before}


def add_migration(made: dict[str, Any], resource: Resource) -> None:
    """Write the migration, or say how it is written when a database answers."""
    title = resource.plural.replace("_", " ")
    try:
        made["migration"] = migration.write(f"add {title}")
    except LauncherError as error:
        say(f'No migration: {error} Run `just migration "add {title}"` when the database answers.')
    else:
        made["files"][made["migration"]] = digest(made["migration"])


def understand(parsed: Namespace) -> Resource:
    """Read the line that the arguments are."""
    return read_line(
        parsed.name, parsed.fields, parsed.plural, shared=parsed.shared, cached=parsed.cached
    )


def note(name: str, made: Mapping[str, Any]) -> None:
    """Write what undoing a resource needs to know."""
    write(f"dev/resource/made/{name}.json", json.dumps(made, indent=2) + "\n")


def write(path: str, text: str) -> None:
    """Write a file of the project."""
    file = ROOT / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def digest(path: str) -> str:
    """Return the SHA-256 of a file of the project; nothing if there is none."""
    file = ROOT / path
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def documents() -> dict[str, str]:
    """Return the digests of the API documents, by path."""
    paths = (path.relative_to(ROOT).as_posix() for path in ROOT.glob(API_DOCUMENTS))
    return {path: digest(path) for path in paths}


def write_documents(*, new: bool = False) -> None:
    """Bring the documents that exist up to date, and write those of the API if they are `new`."""
    stale = {"dev.openapi": new or documents(), "dev.reference": digest(REFERENCE)}
    for module in (name for name, exists in stale.items() if exists):
        subprocess.run([sys.executable, "-m", module, "write"], cwd=ROOT, check=False)


def read_record(name: str) -> dict[str, Any]:
    """Return what was noted when a resource was made, or raise `ResourceError`."""
    file = MADE / f"{name}.json"
    if not NAME.fullmatch(name) or not file.is_file():
        raise ResourceError(f"{name} was not made by `just resource`.")
    return json.loads(file.read_text(encoding="utf-8"))


def diff(resource: Resource) -> int:
    """Compare the files with what would be written today."""
    wired = {path: with_line(path, line) for path, line in missing_lines(resource).items()}
    for path, text in (render(resource) | wired).items():
        file = ROOT / path
        present = file.read_text(encoding="utf-8") if file.is_file() else ""
        lines = present.splitlines(keepends=True), text.splitlines(keepends=True)
        print("".join(difflib.unified_diff(*lines, path, f"{path} (today)")), end="")
    return 0


def undo(name: str) -> int:
    """Delete what is as it was written; return 1 if something stays."""
    record = read_record(name)
    check_unused(name, record["plural"])
    left = undo_migration(record)
    for path, written in record["files"].items():
        if digest(path) == written:
            (ROOT / path).unlink()
        elif digest(path):
            left[path] = "it has been changed"
    remove_empty(ROOT / f"tests/{record['plural']}")
    left |= unwire(record["wiring"], name, record["plural"])
    written = record["documents"]
    if written and written.items() <= documents().items():
        for path in written:
            (ROOT / path).unlink()
    write_documents()
    if left:
        say("\n".join(["These stay:", *(f"{path}: {why}" for path, why in left.items())]))
        return 1
    (MADE / f"{name}.json").unlink()
    remove_empty(MADE)
    return 0


def check_unused(name: str, plural: str) -> None:
    """Raise `ResourceError` if another resource refers to this one."""
    for model in sorted((ROOT / "app/models").glob("*.py")):
        text = model.read_text(encoding="utf-8")
        if model.stem != name and f'ForeignKey("{plural}.id"' in text:
            raise ResourceError(f"{model.stem} refers to {name}: undo that first.")


def undo_migration(record: dict[str, Any]) -> dict[str, str]:
    """Take the migration out of the database; return why it stays, if it does."""
    path = record["migration"]
    if path is None:
        found = migration.find(record["plural"])
        return dict.fromkeys(found, "it was written afterwards: downgrade it, then delete it")
    if digest(path) == record["files"][path]:
        reason = migration.unapply(ROOT / path, record["plural"])
        if reason:
            del record["files"][path]
            return {path: reason}
    return {}


def remove_empty(folder: Path) -> None:
    """Remove a folder in which only compiled files are left."""
    if folder.is_dir() and all(
        "__pycache__" in file.parts or file.name == "__pycache__" for file in folder.rglob("*")
    ):
        shutil.rmtree(folder)
