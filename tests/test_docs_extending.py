"""The additions of a service's docs/extending.md: each block is applied, checked and used."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import uv

from tests.conftest import Render
from tests.turns import every_other_day

TESTS = Path(__file__).with_name("in_project") / "test_tea.py"
BLOCK = re.compile(r"([^\n]+(?:\n[^\n]+)*)\n\n```\w*\n(.*?)```", re.DOTALL)
WRITE = re.compile(r"Write `([^`]+)`:$")
APPEND = re.compile(r"At the end of `([^`]+)`:$")
INSERT = re.compile(r"In `([^`]+)`, (above|below) (?:the line of )?`([^`]+)`:$")
CHECKS = ("ruff check", "ruff format --check", "ty check", "lint-imports")
# They look at all that there is.
NEIGHBOURS = (
    "tests/middleware/test_order.py",
    "tests/core/test_env_example.py",
    "tests/workers/test_sweep.py",
    "tests/jobs/test_payloads.py",
)

pytestmark = pytest.mark.service


def blocks(page: str) -> list[tuple[str, str]]:
    """Return each block with the paragraph above it, on one line."""
    return [(" ".join(text.split()), block) for text, block in BLOCK.findall(page)]


def apply(project: Path, text: str, block: str) -> None:
    """Do what the paragraph above a block says."""
    if found := WRITE.search(text):
        file = project / found[1]
        assert not file.exists()
        file.write_text(block)
    elif found := APPEND.search(text):
        file = project / found[1]
        file.write_text(f"{file.read_text()}\n\n{block}")
    else:
        found = INSERT.search(text)
        assert found, text
        file = project / found[1]
        lines = file.read_text().splitlines(keepends=True)
        place = next(number for number, line in enumerate(lines) if found[3] in line)
        lines.insert(place + (found[2] == "below"), block)
        file.write_text("".join(lines))


def run(project: Path, command: str) -> None:
    done = subprocess.run(
        [uv.find_uv_bin(), "run", "--quiet", *command.split()],
        cwd=project,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


@every_other_day(even=True, pages=["template/docs/extending.md.jinja"])
def test_every_addition_works(copy: Callable[..., Path]) -> None:
    project = copy(preset="full")
    for text, block in blocks((project / "docs/extending.md").read_text()):
        apply(project, text, block)

    for command in CHECKS:
        run(project, command)
    (project / "tests/tea").mkdir()
    (project / "tests/tea/__init__.py").touch()
    shutil.copy(TESTS, project / "tests/tea/test_tea.py")
    run(project, f"pytest -q {' '.join(NEIGHBOURS)} tests/tea")


def test_a_misspelt_attribute_of_the_state_is_found(copy: Callable[..., Path]) -> None:
    project = copy(preset="minimal")
    file = project / "app/api/deps.py"
    file.write_text(file.read_text().replace("app.state.database", "app.state.databse"))

    with pytest.raises(AssertionError, match=r"deps\.py.*`databse`"):
        run(project, "ty check --output-format concise")


@pytest.mark.parametrize("preset", ["minimal", "full"])
def test_every_section_is_there_if_its_feature_is(render: Render, preset: str) -> None:
    page = (render(preset=preset) / "docs/extending.md").read_text()
    sections = re.findall("^## An? (.*)$", page, re.MULTILINE)

    more = ["job", "periodic task", "mail", "WebSocket event", "metric", "permission"]
    first = ["setting", "object for the lifetime of the app"]
    assert sections == [*first, *(more if preset == "full" else []), "middleware"]
