"""`docs/openapi.json`: written, checked, and compared with another commit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI

from app.cli import main
from dev.git import GitError
from dev.openapi import ALLOWED, Documents, check, diff, file_of, write
from dev.project import ROOT

OLD = {"v1": json.dumps({"paths": {"/old": {}, "/health": {}}})}
NEW = {"v1": json.dumps({"paths": {"/health": {}}})}
IDENTITY = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S607


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, *IDENTITY, "commit", "--quiet", "--message", "Work")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose default branch has a path that is gone now."""
    (tmp_path / "docs").mkdir()
    write(OLD, tmp_path)
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    commit(tmp_path)
    write(NEW, tmp_path)
    return tmp_path


def test_the_command_prints_what_the_service_serves(
    app: FastAPI, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ENVIRONMENT", "DATABASE_URL", "SECRET_KEY"):  # which the command sets
        monkeypatch.setenv(name, os.environ[name])

    assert main(["openapi"]) == 0

    assert json.loads(capsys.readouterr().out) == app.openapi()


@pytest.mark.process
def test_the_command_needs_no_database_no_secret_and_no_server(tmp_path: Path) -> None:
    bare = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    settings = {"PYTHONPATH": str(ROOT), "ENVIRONMENT": "production"}
    command = [sys.executable, "-m", "app", "openapi"]

    done = subprocess.run(command, cwd=tmp_path, env=bare | settings, capture_output=True)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["openapi"].startswith("3.1")


def test_a_new_project_has_no_file_until_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()

    assert check(NEW, tmp_path) == 0
    assert write(NEW, tmp_path) == 0

    assert (tmp_path / "docs/openapi.json").read_text() == NEW["v1"]
    assert check(NEW, tmp_path) == 0


def test_a_stale_file_fails_and_the_command_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(OLD, project) == 1
    assert "run `just openapi`" in capsys.readouterr().err


def test_what_breaks_clients_is_printed_and_fails(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert diff(NEW, root=project) == 1
    assert capsys.readouterr().out == "/old: path is gone\n"


def test_a_stale_file_is_compared_too(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert diff(OLD, "HEAD", project) == 1
    assert capsys.readouterr().out == "/old: path is gone\n"


def test_each_version_of_the_api_has_a_file_and_is_compared(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    later = json.dumps({"paths": {"/api/v2/pots": {}, "/api/v2/cups": {}}})
    write({**NEW, "v2": later}, project)
    commit(project)
    less: Documents = {**NEW, "v2": json.dumps({"paths": {"/api/v2/pots": {}}})}

    assert file_of("v2").read(project) == later
    assert check(less, project) == 1
    assert diff({**NEW, "v2": later}, "HEAD", project) == 0
    assert "No change breaks clients of the API that HEAD has." in capsys.readouterr().err
    assert diff(less, "HEAD", project) == 1
    assert capsys.readouterr().out == "/api/v2/cups: path is gone\n"


def test_a_version_that_is_gone_has_no_file_and_breaks_its_clients(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write({**NEW, "v2": json.dumps({"paths": {"/api/v2/pots": {}}})}, project)
    commit(project)

    assert check(NEW, project) == 1
    assert write(NEW, project) == 0

    assert file_of("v2").read(project) is None
    assert check(NEW, project) == 0
    assert diff(NEW, "HEAD", project) == 1
    assert capsys.readouterr().out == "/api/v2/pots: path is gone\n"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("- /old: path is gone: unused since May", 0),
        ("/old: path is gone: unused since May", 0),
        ("- /old: path is gone: ", 1),
        ("- /old: path is gone", 1),
        ("- /older: path is gone: unused since May", 1),
    ],
)
def test_a_line_with_a_reason_allows_a_change(project: Path, line: str, code: int) -> None:
    (project / ALLOWED).write_text(f"# Allowed\n\n{line}\n")

    assert diff(NEW, "main", project) == code


def test_a_commit_without_a_document_has_nothing_to_compare(project: Path) -> None:
    git(project, "rm", "--quiet", "--cached", "docs/openapi.json")
    git(project, *IDENTITY, "commit", "--quiet", "--message", "Remove")

    assert diff(NEW, "HEAD", project) == 0


def test_a_commit_that_does_not_exist_is_named(project: Path) -> None:
    with pytest.raises(GitError, match="v9 is no commit"):
        diff(NEW, "v9", project)


def test_a_folder_without_a_repository_has_no_default_branch(tmp_path: Path) -> None:
    with pytest.raises(GitError, match="no default branch"):
        diff(NEW, root=tmp_path)
