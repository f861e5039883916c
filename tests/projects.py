"""Projects as their users have them: copied, committed, edited, updated."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import copier

from tests import questions
from tests.combinations import Answers
from tests.coverage_summary import count_covered
from tests.rendering import Tree, git, read_tree

# The project's own from the first day: an update neither edits, restores nor deletes them.
SEEDS = tuple(path.removeprefix("/") for path in questions.exclusions()["_copier_operation"])

Make = Callable[..., Path]


def start(project: Path) -> Path:
    """Put a fresh project under git, as its user would."""
    git(project, "init", "--quiet")
    commit(project)
    return project


def commit(project: Path) -> None:
    """Commit all there is."""
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "work")


def update(project: Path, **answers: Any) -> None:
    """Run what `copier update --defaults` runs, without trust, and look for what it left undone."""
    upgrade(project, answers, trusted=False)


def upgrade(project: Path, answers: Answers, *, trusted: bool) -> None:
    """Do the same, with trust if migrations are to run."""
    copier.run_update(
        project, data=answers, defaults=True, overwrite=True, quiet=True, unsafe=trusted
    )
    left = unfinished(project)
    assert left == [], left
    commit(project)
    count_covered("updates")


def unfinished(project: Path) -> list[str]:
    """Return what an update could not merge."""
    unmerged = git(project, "ls-files", "--unmerged").splitlines()
    rejected = [str(path) for path in project.rglob("*.rej")]
    files = (path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts)
    return unmerged + rejected + [str(path) for path in files if is_marked(path)]


def is_marked(path: Path) -> bool:
    """Say whether conflict markers stand in a file."""
    return b"\n<<<<<<< " in b"\n" + path.read_bytes()


def without_seeds(project: Path) -> Tree:
    """Return what a copy and an update have in common."""
    return {name: entry for name, entry in read_tree(project).items() if name not in SEEDS}


def seeds(project: Path) -> Tree:
    """Return what an update leaves alone."""
    return {name: entry for name, entry in read_tree(project).items() if name in SEEDS}


def single(name: str, value: Any) -> Answers:
    """Return one answer, with the toggle it needs."""
    need = questions.requires().get(name)
    return {name: value} if need is None else {name: value, need: True}


def duplicate(project: Path, target: Path) -> Path:
    """Copy a project, so that it may be changed."""
    return Path(shutil.copytree(project, target, symlinks=True))
