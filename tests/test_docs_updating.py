"""The steps of docs/updating.md work in a project."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Render
from tests.projects import SEEDS, duplicate, start
from tests.questions import ROOT
from tests.rendering import git, read_tree

PAGE = (ROOT / "docs/updating.md").read_text()
COMMANDS = [
    line.partition(" #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]
SWITCH = next(line for line in COMMANDS if ":current:" in line)
ABORT = next(line for line in COMMANDS if "reset --hard" in line)


def marks(project: Path) -> dict[str, str]:
    """Return the marks of `git status`, by path."""
    lines = git(project, "status", "--short", "--untracked-files=all").splitlines()
    return {line[3:]: line[:2] for line in lines}


@pytest.fixture
def project(copied: Render, tmp_path: Path) -> Path:
    """Return a project whose user has changed the description in pyproject.toml."""
    made = duplicate(copied(cache=True), tmp_path / "project")
    file = made / "pyproject.toml"
    file.write_text(file.read_text().replace('"A backend service"', '"Ours"'))
    return start(made)


def test_the_marks_mean_what_the_page_says_and_all_can_be_undone(project: Path) -> None:
    before, commit = read_tree(project), git(project, "rev-parse", "HEAD")
    # One of each kind: a file goes, one comes, one meets the user's change.
    answers = ["cache=false", "http_client=true", "description=Takes orders"]
    command = shlex.split(SWITCH.replace("uvx copier", f"{sys.executable} -m copier"))
    command = [*command[:-2], *(word for answer in answers for word in ("--data", answer))]

    updated = subprocess.run(command, cwd=project, check=False, capture_output=True, text=True)
    found = marks(project)
    undone = subprocess.run(["sh", "-c", ABORT], cwd=project, check=True, capture_output=True)

    assert updated.returncode == 0, updated.stderr
    assert found["pyproject.toml"] == "UU"
    assert found["docs/cache.md"] == " D"
    assert found["docs/http-client.md"] == "??"
    assert found["app/features.py"] == " M"
    assert set(found.values()) == {
        f"{mark:2}" for mark in re.findall(r"^\| `(.+?)` \|", PAGE, re.M)
    }
    assert undone.returncode == 0
    assert (read_tree(project), git(project, "rev-parse", "HEAD")) == (before, commit)


def test_the_page_names_only_what_exists(copied: Render) -> None:
    project = copied()
    text = "\n".join(path.read_text() for path in project.rglob("*") if path.is_file())

    anchors = re.findall(r"`(# project \w+)`", PAGE)
    recipes = {line.split()[3] for line in COMMANDS if line.startswith("uv run just")}
    assert len(anchors) >= 4
    assert [anchor for anchor in anchors if f"{anchor}\n" not in text] == []
    assert [seed for seed in SEEDS if f"`{seed}`" not in PAGE] == []
    assert len(recipes) >= 3
    assert [name for name in recipes if f"\n{name}" not in (project / "justfile").read_text()] == []
