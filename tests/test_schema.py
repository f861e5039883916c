"""A feature switched on later gets the schema of a new project, and the data are kept.

The project is one its user has worked on, with a table, a migration, a route, a middleware, a
setting and a dependency of its own; what belongs to them is tested afterwards.
"""

import json
import os
import shutil
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests import questions, releases, texts
from tests.commands import execute
from tests.conftest import Render
from tests.coverage_summary import count_covered
from tests.edits import edit
from tests.projects import commit, duplicate, single, start, update, upgrade
from tests.releases import Release
from tests.turns import TODAY, every_other_day, taking_turns

pytestmark = pytest.mark.service

IN_PROJECT = Path(__file__).with_name("in_project")
LAUNCH = f"uv run python -m dev run python {IN_PROJECT}"
# What belongs to the user's own edits.
OWN_TESTS = "tests/suppliers tests/core/test_env_example.py tests/api/test_routes.py"

Run = Callable[[Path, str], str]


def has_tables(toggle: str) -> bool:
    """Return whether a feature has its own models."""
    models = [f"app/models/{path.name}" for path in questions.ROOT.glob("template/app/models/*.py")]
    off, on = (texts.answers(**single(toggle, value)) for value in (False, True))
    brought = [spec for name, spec in texts.owned().items() if on[name] and not off[name]]
    return any(spec.match_file(model) for spec in brought for model in models)


TOGGLES = list(filter(has_tables, questions.toggles()))
CASES = [
    pytest.param(*case, id="-".join(case)) for case in product(TOGGLES, ("sqlite", "postgresql"))
]


@pytest.fixture
def run(path_of_a_user: str) -> Run:
    """Return a function that runs a command in a project, and returns its output."""

    def done(project: Path, command: str) -> str:
        environment = {**os.environ, "PATH": path_of_a_user, "PYTHONPATH": str(project)}
        code, output = execute(project, command, environment)
        assert code == 0, f"{command}\n{output[-6000:]}"
        return output

    return done


def use(project: Path, run: Run) -> None:
    """Commit a project and put data into its database."""
    start(project)
    run(project, "uv run just migrate")
    run(project, f"{LAUNCH}/rows.py")
    commit(project)


def schema(run: Run, project: Path) -> dict[str, Any]:
    """Return the tables of a project's database, and the number of items of this test."""
    lines = run(project, f"{LAUNCH}/schema.py").splitlines()
    return json.loads(next(line for line in lines if line.startswith("SCHEMA "))[7:])


def assert_same_schema(run: Run, project: Path, fresh: Path, kept: int = 1) -> None:
    """Compare a project's schema with that of a new project, which uses the same environment."""
    (fresh / ".venv").symlink_to(project / ".venv")
    shutil.copy2(project / "uv.lock", fresh)
    run(fresh, "uv run just migrate")
    found, expected = schema(run, project), schema(run, fresh)
    assert found["items"] == kept
    assert found["tables"] == expected["tables"]


def test_some_features_have_tables_and_others_have_none() -> None:
    assert "auth" in TOGGLES
    assert 3 <= len(TOGGLES) < len(questions.toggles())


@every_other_day(even=False)
@pytest.mark.parametrize(("toggle", "database"), taking_turns(CASES, len(CASES), TODAY // 2))
def test_a_feature_switched_on_later_gets_the_schema_of_a_new_project(
    copied: Render, tmp_path: Path, run: Run, toggle: str, database: str
) -> None:
    before, after = (single(toggle, on) | {"database": database} for on in (False, True))
    project = duplicate(copied(**before), tmp_path / "project")
    names = edit(project)
    use(project, run)

    update(project, **after)
    run(project, f"uv run just migration 'add {toggle}'")
    run(project, "uv run just check")
    run(project, f"uv run pytest --quiet {OWN_TESTS}")

    fresh = duplicate(copied(**after), tmp_path / "fresh")
    edit(fresh, names)
    assert_same_schema(run, project, fresh, kept=int(toggle != "example"))
    assert len(list((project / "migrations/versions").glob("*.py"))) == 3
    count_covered("schemas after a toggle")
    shutil.rmtree(tmp_path)


@pytest.mark.thorough
@pytest.mark.parametrize("release", releases.releases(), ids=lambda release: release.version)
def test_a_project_of_a_release_gets_the_schema_of_a_new_project(
    tmp_path: Path, run: Run, release: Release
) -> None:
    repository = releases.history(release, tmp_path / "template")
    answers = {"preset": "full", "database": "sqlite"}
    project = releases.copy(repository, tmp_path / "project", release.version, **answers)
    use(project, run)

    upgrade(project, {}, trusted=release.needs_trust())
    run(project, "uv run just migration 'upgrade'")
    run(project, "uv run just check")

    fresh = releases.copy(repository, tmp_path / "fresh", **answers)
    assert_same_schema(run, project, fresh)
    count_covered("schemas after an upgrade")
    shutil.rmtree(tmp_path)
