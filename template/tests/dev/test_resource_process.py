"""A resource with every kind of field, made in a copy of this project: it passes the checks."""

import subprocess
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from app.core.config import ROOT
from tests.databases import empty_database
from tests.processes import environment

pytestmark = pytest.mark.process

KINDS = [
    "assay",
    "number:str:unique",
    "note:text?",
    "size:int(-5,5)=-1",
    "total:int?:index",
    "amount:money=1.50",
    "open:bool=true",
    "due_on:date=2030-01-31",
    "sent_at:datetime?=2030-01-31T12:00:00+01:00",
    "token:uuid:unique",
    "status:enum(draft,sent)=sent",
    "parent:ref(assay)?",
    # Words of the code, of SQL and of the linter; and what fits no line.
    "client:str",
    "order:ref(assay)?:unique",
    "starts_at:datetime:unique",
    "password:str=secret",
    "host:str=0.0.0.0",
    "folder:str=/tmp/assays",
    "kind:enum(specimen,Specimen)",
    f"remark:text={'word ' * 25}end",
    "--cached",
]
PRIVATE = ignore_patterns(".venv", ".git", ".local", "__pycache__", ".*_cache", ".env", "*.db")


@pytest.fixture
def url(tmp_path: Path) -> Generator[str]:
    """The URL of an empty database."""
    with empty_database(tmp_path) as url:
        yield url


def run(folder: Path, url: str, *arguments: str) -> None:
    """Run a module of Python in a project."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=environment(DATABASE_URL=url, PYTHONPATH=str(folder)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def tree(folder: Path) -> dict[str, bytes]:
    """Return the files of a project, but for what is compiled or cached."""
    hidden = ("__pycache__", "_cache/", ".local/", ".coverage")
    files = {file.relative_to(folder).as_posix(): file for file in folder.rglob("*")}
    return {
        name: file.read_bytes()
        for name, file in files.items()
        if file.is_file() and not any(part in name for part in hidden)
    }


@pytest.mark.parametrize(
    ("plural", "options"), [("assays", []), ("assaying", ["--shared", "--plural", "assaying"])]
)
def test_every_kind_of_field_passes_the_checks_and_can_be_undone(
    tmp_path: Path, url: str, plural: str, options: Sequence[str]
) -> None:
    project = tmp_path / "project"
    copytree(ROOT, project, ignore=PRIVATE)
    run(project, url, "dev.documents", "write")
    before = tree(project)

    run(project, url, "dev.resource", "make", *KINDS, *options)
    run(project, url, "dev.documents", "check")
    run(project, url, "ruff", "check")
    run(project, url, "ruff", "format", "--check")
    run(project, url, "ty", "check", "--python", sys.prefix)
    run(project, url, "app", "migrate")
    run(project, url, "dev.migrations")
    run(project, url, "pytest", "-q", f"tests/{plural}")
    run(project, url, "dev.resource", "undo", "assay")

    assert tree(project) == before
