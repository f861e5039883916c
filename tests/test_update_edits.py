"""Updates after edits other than code: `uv add`, and a deleted example."""

import shutil
import subprocess
from pathlib import Path

import copier
import pytest
import uv

from tests.conftest import Render
from tests.edits import Edit, after, apply, change
from tests.projects import duplicate, start, unfinished, update, without_seeds

ORDERS = [
    "app/api/v1/endpoints/orders.py",
    "app/models/order.py",
    "app/repositories/order.py",
    "app/schemas/order.py",
    "app/services/order.py",
    "tests/orders",
]
REGISTRATIONS: dict[str, list[Edit]] = {
    "app/api/router.py": [
        change("    orders,\n", ""),
        change("    app.include_router(orders.router, prefix=V1)\n", ""),
    ],
}
ROUTER = "app/api/router.py"


def take_out_orders(project: Path) -> None:
    """Delete the example, file by file, and its registrations."""
    for name in ORDERS:
        path = project / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, edits in REGISTRATIONS.items():
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


def test_a_feature_next_to_the_deleted_example_conflicts_in_the_router_alone(
    copied: Render, tmp_path: Path
) -> None:
    project = duplicate(copied(), tmp_path / "project")
    take_out_orders(project)
    start(project)

    copier.run_update(
        project, data={"celery": True}, defaults=True, overwrite=True, quiet=True, unsafe=False
    )

    meeting = {line.rpartition("\t")[2].removeprefix(f"{project}/") for line in unfinished(project)}
    assert meeting == {ROUTER}
    assert not (project / "app/models/order.py").exists()


@pytest.mark.parametrize("name", ["app/main.py", "app/core/config.py"])
def test_a_file_the_user_deleted_is_not_brought_back(
    copied: Render, tmp_path: Path, name: str
) -> None:
    project = duplicate(copied(), tmp_path / "project")
    (project / name).unlink()
    start(project)

    update(project, cache=True)

    assert not (project / name).exists()
