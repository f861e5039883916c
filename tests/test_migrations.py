"""Migrations of breaking releases: a script runs once, in the real project, with trust."""

import subprocess
import sys
from pathlib import Path

import pytest
from packaging.version import Version

from tests import questions, small_template
from tests.projects import commit, start
from tests.releases import save
from tests.rendering import git, read_tree
from tests.small_template import run_copier, write

SCRIPT = r'''"""2.0.0: MAIL_BACKEND is called EMAIL_BACKEND."""

import sys

from guard import project

root = project(sys.argv[2])
with (root.parent / "runs.txt").open("a") as runs:
    runs.write(f"{root}\n")
env = root / ".env"
if env.exists():
    env.write_text(env.read_text().replace("\nMAIL_BACKEND=", "\nEMAIL_BACKEND="))
'''

GUARD = questions.ROOT / "hooks/migrations/guard.py"
STARTED = {"COPIER_OPERATION": "update", "VERSION_FROM": "1.0.0"}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """Return a template with release 1.0.0 and a breaking release 2.0.0 after it."""
    repository = small_template.make(tmp_path / "template")
    git(repository, "tag", "--delete", "2.0.0")
    (repository / "hooks/migrations/v2_0_0.py").write_text(SCRIPT)
    save(repository, "2.0.0")
    return repository


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """Return a project of 1.0.0 with a setting of the user's in a file that git ignores."""
    made = small_template.copy(template, tmp_path / "project", "1.0.0")
    write(made, {".gitignore": ".env\n", ".env": "DEBUG=1\nMAIL_BACKEND=file\n"})
    commit(made)
    return made


def test_a_migration_runs_once_and_may_run_again(project: Path, tmp_path: Path) -> None:
    for runs in (1, 2):
        done = run_copier(project, "update", "--trust")

        assert done.returncode == 0, done.stderr
        assert (tmp_path / "runs.txt").read_text().splitlines() == [str(project)] * runs
        assert (project / ".env").read_text() == "DEBUG=1\nEMAIL_BACKEND=file\n"
        git(project, "reset", "--hard", "--quiet")
        git(project, "clean", "--force", "-d", "--quiet")


def test_only_the_update_that_crosses_the_release_asks_for_trust(
    project: Path, template: Path, tmp_path: Path
) -> None:
    before = read_tree(project)
    refused = run_copier(project, "update")

    assert refused.returncode == 4
    assert "unsafe feature: migrations" in refused.stderr
    assert "adding the `--trust` option" in refused.stderr
    assert read_tree(project) == before
    assert not (tmp_path / "runs.txt").exists()

    assert run_copier(project, "update", "--trust").returncode == 0
    commit(project)
    write(template, {"template/later.txt": "2.1.0\n"})
    save(template, "2.1.0")
    later = run_copier(project, "update")

    assert later.returncode == 0, later.stderr
    assert (project / "later.txt").exists()
    assert len((tmp_path / "runs.txt").read_text().splitlines()) == 1


def test_a_new_project_runs_no_migration_and_asks_for_no_trust(
    template: Path, tmp_path: Path
) -> None:
    made = small_template.copy(template, tmp_path / "new", "2.0.0", unsafe=False)

    assert "_commit: 2.0.0" in (made / ".copier-answers.yml").read_text()
    assert not (tmp_path / "runs.txt").exists()


def test_a_migration_that_fails_says_how_to_start_again(tmp_path: Path) -> None:
    template = small_template.make(tmp_path / "template", renames="no such line\n")
    project = small_template.copy(template, tmp_path / "project", "1.0.0")

    failed = run_copier(project, "update", "--trust")

    assert failed.returncode == 1
    assert "`git reset --hard && git clean --force -d`" in failed.stderr
    assert "ValueError" in failed.stderr


def test_a_migration_comes_before_the_prereleases_of_its_release() -> None:
    """Otherwise an update to a prerelease would skip it, or run it too late."""
    for entry in questions.config().get("_migrations", []):
        version = Version(entry["version"])

        assert version < Version(f"{version.base_version}a0")
        name = f"v{version.base_version.replace('.', '_')}.py"
        assert entry["command"][1].endswith(f"/hooks/migrations/{name}")
        assert (questions.ROOT / "hooks/migrations" / name).exists()


def call_guard(
    folder: Path, answers: str = ".copier-answers.yml", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a script that prints its folder after the guard."""
    code = f"from guard import project; print(project({answers!r}))"
    variables = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(GUARD.parent), **environment}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=folder, env=variables, check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize("answers", [".copier-answers.yml", "other.yml"])
def test_the_guard_accepts_a_project(tmp_path: Path, answers: str) -> None:
    (tmp_path / answers).write_text("_commit: 1.0.0\n")
    start(tmp_path)

    inside = call_guard(tmp_path, answers, **STARTED)

    assert (inside.returncode, inside.stdout.strip()) == (0, str(tmp_path))


def test_the_guard_stops_a_script_without_a_committed_answers_file(tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text("_commit: 1.0.0\n")
    start(tmp_path)

    stopped = call_guard(tmp_path, **STARTED)

    assert stopped.returncode == 1
    assert stopped.stdout == ""
    assert "git knows no .copier-answers.yml" in stopped.stderr
    assert "git reset --hard" in stopped.stderr


def test_the_guard_refuses_to_be_run_by_hand(tmp_path: Path) -> None:
    refused = call_guard(tmp_path)

    assert refused.returncode == 1
    assert "copier update" in refused.stderr
    assert refused.stdout == ""
