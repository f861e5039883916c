"""The machinery for breaking releases: a script runs in the real project, once, if trusted."""

import shutil
import subprocess
import sys
from pathlib import Path

import copier
import pytest
from copier.errors import UnsafeTemplateError

from tests import questions
from tests.rendering import git

ENTRY = """
_migrations:
  - version: 2.0.0
    command: ["{{ _copier_python }}", "{{ _copier_conf.src_path }}/hooks/migrations/v2_0_0.py"]
"""

SCRIPT = r'''"""2.0.0: MAIL_BACKEND is called EMAIL_BACKEND."""

from guard import project

root = project()
with (root.parent / "runs.txt").open("a") as runs:
    runs.write(f"{root}\n")
env = root / ".env"
if env.exists():
    env.write_text(env.read_text().replace("\nMAIL_BACKEND=", "\nEMAIL_BACKEND="))
'''

GUARD = questions.ROOT / "hooks/migrations/guard.py"


@pytest.fixture
def template(released: Path, tmp_path: Path) -> Path:
    """Return the template with release 1.0.0 and a breaking release 2.0.0 after it."""
    repository = Path(shutil.copytree(released, tmp_path / "template"))
    with (repository / "copier.yml").open("a") as config:
        config.write(ENTRY)
    (repository / "hooks/migrations/v2_0_0.py").write_text(SCRIPT)
    commit(repository)
    git(repository, "tag", "2.0.0")
    return repository


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Path:
    """Return a project of 1.0.0 with a setting of the user's in a file git does not see."""
    made = tmp_path / "project"
    copier.run_copy(str(template), made, vcs_ref="1.0.0", defaults=True, quiet=True)
    git(made, "init", "--quiet")
    commit(made)
    (made / ".env").write_text("DEBUG=1\nMAIL_BACKEND=file\n")
    return made


def commit(repository: Path) -> None:
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "work")


def update(project: Path, *, trusted: bool) -> None:
    copier.run_update(project, defaults=True, overwrite=True, quiet=True, unsafe=trusted)


def test_a_migration_runs_once_and_only_in_the_real_project(project: Path, tmp_path: Path) -> None:
    update(project, trusted=True)

    assert (tmp_path / "runs.txt").read_text().splitlines() == [str(project)]
    assert (project / ".env").read_text() == "DEBUG=1\nEMAIL_BACKEND=file\n"


def test_a_migration_that_runs_again_changes_nothing_more(project: Path, tmp_path: Path) -> None:
    update(project, trusted=True)
    git(project, "checkout", "--quiet", ".")
    update(project, trusted=True)

    assert len((tmp_path / "runs.txt").read_text().splitlines()) == 2
    assert (project / ".env").read_text() == "DEBUG=1\nEMAIL_BACKEND=file\n"


def test_only_the_update_that_crosses_the_release_asks_for_trust(
    project: Path, template: Path, tmp_path: Path
) -> None:
    with pytest.raises(UnsafeTemplateError, match="migrations"):
        update(project, trusted=False)
    assert not (tmp_path / "runs.txt").exists()

    update(project, trusted=True)
    commit(project)
    (template / "template/later.txt").write_text("2.1.0\n")
    commit(template)
    git(template, "tag", "2.1.0")
    update(project, trusted=False)

    assert (project / "later.txt").exists()
    assert len((tmp_path / "runs.txt").read_text().splitlines()) == 1


def test_a_new_project_runs_no_migration_and_asks_for_no_trust(
    template: Path, tmp_path: Path
) -> None:
    copier.run_copy(str(template), tmp_path / "new", defaults=True, quiet=True, unsafe=False)

    assert "_commit: 2.0.0" in (tmp_path / "new/.copier-answers.yml").read_text()
    assert not (tmp_path / "runs.txt").exists()


def call_guard(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script there that says where it is once the guard lets it pass."""
    code = "from guard import project; print(project())"
    variables = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(GUARD.parent), **environment}
    command = [sys.executable, "-c", code]
    return subprocess.run(
        command, cwd=folder, env=variables, check=False, capture_output=True, text=True
    )


def test_the_guard_lets_a_script_into_a_project_and_out_of_a_replay(
    project: Path, tmp_path: Path
) -> None:
    replay = Path(shutil.copytree(project, tmp_path / "replay"))
    shutil.rmtree(replay / ".git")
    started = {"COPIER_OPERATION": "update", "VERSION_FROM": "1.0.0"}

    inside, outside = call_guard(project, **started), call_guard(replay, **started)

    assert (inside.returncode, inside.stdout.strip()) == (0, str(project))
    assert (outside.returncode, outside.stdout) == (0, "")


def test_the_guard_refuses_to_be_run_by_hand(project: Path) -> None:
    refused = call_guard(project)

    assert refused.returncode == 1
    assert "copier update" in refused.stderr
    assert refused.stdout == ""
