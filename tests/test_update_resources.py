"""Updates touch nothing that `just resource` wrote, whatever they bring or take away."""

import os
from pathlib import Path

import pytest

from tests.combinations import Answers
from tests.commands import execute
from tests.conftest import Render
from tests.projects import duplicate, start, update, without_seeds
from tests.rendering import Tree, read_tree

pytestmark = pytest.mark.service
THOROUGH = pytest.mark.thorough

SPECS = (
    "customer name:str:unique",
    'invoice "customer:ref(customer)" amount:money "status:enum(draft,sent)"',
    "tariff name:str:unique --shared --cached",
)
# What lists all resources: the project's own file, and the one of which the template has the rest.
ROUTES, PERMISSIONS = "app/api/resources.py", "app/auth/permissions.py"
PERMISSION = b'    TARIFF_WRITE = "tariff:write"\n'
# Features that meet the example, and one that meets each shared resource.
MEETING = ("cache", "celery", "http_client", "metrics", "permissions")
ALL: Answers = dict.fromkeys(MEETING, True)
NONE: Answers = dict.fromkeys(MEETING, False)
WITHOUT_USERS = ALL | {"permissions": False}


def make(project: Path, environment: Path) -> Tree:
    """Make the resources, edit one, and return the files that the template does not have."""
    before = read_tree(project)
    settings = {
        **os.environ,
        "UV_PROJECT_ENVIRONMENT": str(environment),
        "PYTHONDONTWRITEBYTECODE": "1",
        "DATABASE_URL": "postgresql://app@127.0.0.1:1/nowhere",
    }
    for spec in SPECS:
        command = f"uv run --quiet python -m dev.resource make {spec}"
        code, output = execute(project, command, settings)
        assert code == 0, output
    edited = project / "app/services/invoice.py"
    edited.write_text(edited.read_text() + "\n# Ours since Monday.\n")
    return {name: entry for name, entry in read_tree(project).items() if name not in before}


@pytest.mark.parametrize(
    ("preset", "steps"),
    [
        pytest.param("standard", [ALL | {"example": False}], id="standard"),
        pytest.param("standard", [ALL, {"example": False}, NONE], marks=THOROUGH, id="steps"),
        pytest.param(
            "minimal", [WITHOUT_USERS, {"example": False}, NONE], marks=THOROUGH, id="minimal"
        ),
        pytest.param("full", [NONE, {"example": False}, ALL], marks=THOROUGH, id="full"),
    ],
)
def test_an_update_touches_no_resource_of_the_project(
    copied: Render, tmp_path: Path, preset: str, steps: list[Answers]
) -> None:
    project = duplicate(copied(preset=preset), tmp_path / "project")
    own = make(project, tmp_path / "environment")
    routes = (project / ROUTES).read_bytes()
    start(project)
    changed: Answers = {}

    for answers in steps:
        update(project, **answers)
        changed |= answers

        tree, expected = without_seeds(project), without_seeds(copied(preset=preset, **changed))
        assert {name: tree.get(name) for name in own} == own
        assert tree.pop(ROUTES)[1] == routes != expected.pop(ROUTES)[1]
        if PERMISSIONS in tree:
            mode, text = tree[PERMISSIONS]
            assert text.count(PERMISSION) == 1
            tree[PERMISSIONS] = mode, text.replace(PERMISSION, b"")
        assert {name: tree[name] for name in tree.keys() - own.keys()} == expected
    assert len([name for name in own if name.endswith(".py")]) >= 10 * len(SPECS)
