"""`just resource` in rendered services: what it writes passes their checks, and can be undone."""

import os
import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests import combinations
from tests.bytecode import Bytecode
from tests.combinations import Answers
from tests.commands import execute
from tests.rendering import Tree, git, read_tree
from tests.resources import EVERY_KIND, REFERRING, SMALLEST, random_specs
from tests.turns import taking_turns

pytestmark = pytest.mark.service
THOROUGH = pytest.mark.thorough

ITEM = (
    'item name:str:unique "description:text?" price:money "stock:int(0,1000000000):counted=0"'
    " --shared --cached"
)
ITEM_FILES = (
    "app/models/item.py",
    "app/schemas/item.py",
    "app/repositories/item.py",
    "app/services/item.py",
    "app/api/v1/endpoints/items.py",
    *(f"tests/items/{name}.py" for name in ("__init__", "cases", "examples", "factories")),
    "tests/items/test_items.py",
    "tests/items/test_access.py",
)
SPECS = [SMALLEST, EVERY_KIND, *REFERRING]
ROWS = [
    pytest.param({"preset": "minimal", "database": "sqlite"}, id="minimal-sqlite"),
    pytest.param({"preset": "full"}, id="full-postgresql"),
]


def run(project: Path, command: str, **settings: str) -> str:
    """Run a command in a project, and return its output."""
    code, output = execute(project, command, {**os.environ, **settings})
    assert code == 0, f"{command}\n{output[-6000:]}"
    return output


def own_files(project: Path) -> Tree:
    """Return the files of a project that git does not ignore."""
    listed = git(project, "ls-files", "--cached", "--others", "--exclude-standard").splitlines()
    return {name: entry for name, entry in read_tree(project).items() if name in listed}


def names_of(specs: Sequence[str]) -> list[str]:
    """Return the names of resources, the newest first."""
    return [spec.partition(" ")[0] for spec in reversed(specs)]


def try_out(project: Path, specs: Sequence[str], bytecode: Bytecode) -> None:
    """Write resources, check and test the service, and undo them: the tree is as before."""
    git(project, "init", "--quiet")
    bytecode.install(project)
    before = own_files(project)
    for spec in specs:
        run(project, f"uv run just resource {spec}")
    written = own_files(project).keys() - before.keys()
    tests = sorted({name.rpartition("/")[0] for name in written if name.startswith("tests/")})
    made = " or ".join([*names_of(specs), *(name.removeprefix("tests/") for name in tests)])

    run(project, "uv run just check")
    run(project, "uv run python -m dev run alembic check")
    run(project, f"uv run just test -n 0 --no-cov {' '.join(tests)} tests/api/test_openapi.py")
    run(project, f"uv run just test -n 0 --no-cov tests/api -k '{made}'")
    run(project, "uv run just test -n 0 --no-cov tests/dev -k resource")
    for name in names_of(specs):
        run(project, f"uv run just resource-undo {name}")

    after = own_files(project)
    assert len([name for name in written if "migrations/" in name]) == len(specs)
    assert {name for name in after if after[name] != before.get(name)} == set()
    assert before.keys() == after.keys()


@pytest.mark.parametrize("preset", ["minimal", "standard"])
def test_the_items_are_what_one_line_writes(
    copy: Callable[..., Path], tmp_path: Path, preset: str
) -> None:
    project = copy(preset=preset)
    wiring = project / "app/api/resources.py"
    files = [name for name in ITEM_FILES if (project / name).exists()]
    shipped = {name: (project / name).read_bytes() for name in files}
    # The example's permission is called like those of orders and users.
    endpoints = "app/api/v1/endpoints/items.py"
    shipped[endpoints] = shipped[endpoints].replace(b'"items:write"', b'"item:write"')
    for name in (*files, "app/api/v1/endpoints/item_export.py"):
        (project / name).unlink()
    shutil.rmtree(project / "tests/items", ignore_errors=True)
    lines = wiring.read_text().splitlines(keepends=True)
    wiring.write_text("".join(line for line in lines if '"Items"' not in line))

    nowhere = f"postgresql://app@127.0.0.1:1/{tmp_path.name}"
    output = run(project, f"uv run just resource {ITEM}", DATABASE_URL=nowhere)

    assert {name: (project / name).read_bytes() for name in files} == shipped
    assert "No migration" in output


@pytest.mark.parametrize("answers", taking_turns(ROWS, len(ROWS)))
def test_resources_pass_the_checks_and_can_be_undone(
    copy: Callable[..., Path], answers: Answers, bytecode: Bytecode
) -> None:
    try_out(copy(**answers), SPECS, bytecode)


@THOROUGH
@pytest.mark.parametrize("seed", range(20))
def test_random_resources_pass_the_checks_and_can_be_undone(
    copy: Callable[..., Path], seed: int, bytecode: Bytecode
) -> None:
    chance = random.Random(seed)  # noqa: S311  (the same in each run)
    answers = chance.choice(list(combinations.many(paper=False).values()))

    try_out(copy(**answers), random_specs(chance), bytecode)
