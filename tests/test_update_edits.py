"""Updates after edits other than code: `uv add`, and a deleted example."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest
import uv

from tests.conftest import Render
from tests.edits import Edit, after, apply, change
from tests.projects import duplicate, start, update, without_seeds
from tests.static_checks.template import Template
from tests.turns import taking_turns

ORDERS = [
    "app/api/v1/endpoints/orders.py",
    "app/models/order.py",
    "app/repositories/order.py",
    "app/schemas/order.py",
    "app/services/order.py",
    "tests/orders",
]
ROUTER = "app/api/router.py"
# What is taken out by hand when the whole example is deleted. Orders only have a line in a list.
EXAMPLE: dict[str, list[Edit]] = {
    ROUTER: [
        change("from app.api.example import EXAMPLE, EXAMPLE_TAGS\n", ""),
        change(
            "    app.openapi_tags = EXAMPLE_TAGS\n"
            "    for module in EXAMPLE:\n"
            "        add_resource(app, module)\n",
            "",
        ),
    ],
}
# Features that bring, or take away, a part of the example.
MEETING = ("celery", "cache", "http_client", "metrics")


def delete(project: Path, names: Iterable[str]) -> None:
    """Delete files and folders of a project."""
    for name in names:
        path = project / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def take_out_orders(project: Path) -> None:
    """Delete a part of the example, file by file, and the line that names it."""
    delete(project, ORDERS)
    file = project / "app/api/example.py"
    file.write_text(change('    "app.api.v1.endpoints.orders",\n', "")(file.read_text()))


def take_out_the_example(project: Path, template: Template) -> None:
    """Delete all files of the example, and what the router says of it."""
    with_it = [path for path in template.sources if "example" in template.owners(path)]
    delete(project, (path for path in with_it if (project / path).exists()))
    for name, edits in EXAMPLE.items():
        path = project / name
        path.write_text(apply(edits, path.read_text()))


def test_uv_adds_a_dependency_behind_the_comment(copied: Render, tmp_path: Path) -> None:
    project = duplicate(copied(), tmp_path / "project")
    file = project / "pyproject.toml"
    before = file.read_text()

    add = [uv.find_uv_bin(), "add", "--quiet", "--frozen", "--project", project, "humanize>=4"]
    subprocess.run(add, check=True)

    assert file.read_text() == after("    # project dependencies", '    "humanize>=4",')(before)


def test_a_deleted_example_stays_deleted(copied: Render, tmp_path: Path) -> None:
    project = duplicate(copied(), tmp_path / "project")
    take_out_orders(project)
    start(project)
    answers = {"api_v2": True, "metrics": True, "rate_limit": True, "uploads": True}

    update(project, **answers)

    expected = duplicate(copied(**answers), tmp_path / "expected")
    take_out_orders(expected)
    assert without_seeds(project) == without_seeds(expected)


@pytest.mark.parametrize("feature", taking_turns(MEETING, len(MEETING)))
def test_features_that_meet_a_deleted_part_of_the_example_come_and_go(
    copied: Render, tmp_path: Path, feature: str
) -> None:
    project = duplicate(copied(), tmp_path / "project")
    take_out_orders(project)
    start(project)
    before = without_seeds(project)

    update(project, **{feature: True})
    expected = duplicate(copied(**{feature: True}), tmp_path / "expected")
    between = without_seeds(project)
    update(project, **{feature: False})

    take_out_orders(expected)
    assert between == without_seeds(expected)
    assert without_seeds(project) == before


@pytest.mark.parametrize("preset", taking_turns(["standard", "full"], 2))
def test_an_example_that_was_deleted_by_hand_is_gone_for_good(
    copied: Render, tmp_path: Path, source: Path, preset: str
) -> None:
    project = duplicate(copied(preset=preset), tmp_path / "project")
    take_out_the_example(project, Template(source))
    start(project)
    changed = dict.fromkeys(MEETING, preset == "standard")

    update(project, example=False, **changed)
    between = without_seeds(project)
    update(project, **{name: not value for name, value in changed.items()})

    assert between == without_seeds(copied(preset=preset, example=False, **changed))
    assert without_seeds(project) == without_seeds(copied(preset=preset, example=False))


def test_an_example_that_is_half_deleted_is_switched_off(copied: Render, tmp_path: Path) -> None:
    project = duplicate(copied(preset="full"), tmp_path / "project")
    take_out_orders(project)
    start(project)

    update(project, example=False)

    assert without_seeds(project) == without_seeds(copied(preset="full", example=False))


@pytest.mark.parametrize("name", ["app/main.py", "app/core/config.py"])
def test_a_file_the_user_deleted_is_not_brought_back(
    copied: Render, tmp_path: Path, name: str
) -> None:
    project = duplicate(copied(), tmp_path / "project")
    (project / name).unlink()
    start(project)

    update(project, cache=True)

    assert not (project / name).exists()
