"""A copy of what `just resource` reads, to make resources in."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from dev.project import ROOT
from dev.resource import commands, existing, migration, render, wiring
from dev.resource.__main__ import parser
from dev.resource.render import targets
from dev.resource.spec import Resource

# Rare words name the resources of these tests: a service has its own invoices and payments.
QUITTANCE = ["quittance", "number:str:unique", "amount:money", "status:enum(draft,sent,paid)"]


def read(line: Sequence[str]) -> Resource:
    """Understand a line."""
    return commands.understand(parser().parse_intermixed_args(line))


def copy_project(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Copy what `just resource` reads, and let it work there, without a database."""
    files = {*targets(read(QUITTANCE)), "ruff.toml", wiring.ROUTES}
    models = {file.relative_to(ROOT).as_posix() for file in (ROOT / "app/models").glob("*.py")}
    users = {file for file in ("app/api/auth.py", wiring.PERMISSIONS) if (ROOT / file).exists()}
    api = {file.relative_to(ROOT).as_posix() for file in (ROOT / "app/api").rglob("*.py")}
    for file in files | models | users | api:
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / file).read_bytes())
    for module in (commands, existing, migration, render, wiring):
        patch.setattr(module, "ROOT", folder)
    patch.setattr(commands, "MADE", folder / "dev/resource/made")
    patch.setattr(commands, "write_documents", lambda **_: None)
    patch.setattr(migration, "VERSIONS", folder / "migrations/versions")
    patch.setattr(migration, "development", unavailable)


def unavailable() -> None:
    """Fail as without a database."""
    raise commands.LauncherError("The database does not answer.")


def tree(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
