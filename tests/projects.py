"""Copies, commits, edits and updates projects as their users do."""

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
    """Commit a new project to git, as its user would."""
    git(project, "init", "--quiet")
    commit(project)
    return project


def commit(project: Path) -> None:
    """Commit all changes."""
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "work")


def update(project: Path, **answers: Any) -> None:
    """Run `copier update --defaults` without trust; fail if anything was not merged."""
    upgrade(project, answers, trusted=False)


def upgrade(project: Path, answers: Answers, *, trusted: bool) -> None:
    """Update, with trust if there are migrations to run."""
    copier.run_update(
        project, data=answers, defaults=True, overwrite=True, quiet=True, unsafe=trusted
    )
    left = unfinished(project)
    assert left == [], left
    commit(project)
    count_covered("updates")


def unfinished(project: Path) -> list[str]:
    """Return the files that an update could not merge."""
    unmerged = git(project, "ls-files", "--unmerged").splitlines()
    rejected = [str(path) for path in project.rglob("*.rej")]
    files = (path for path in project.rglob("*") if path.is_file() and ".git" not in path.parts)
    return unmerged + rejected + [str(path) for path in files if is_marked(path)]


def is_marked(path: Path) -> bool:
    """Return whether a file has conflict markers."""
    return b"\n<<<<<<< " in b"\n" + path.read_bytes()


def without_seeds(project: Path) -> Tree:
    """Return the files that a copy and an update have in common."""
    return {name: entry for name, entry in read_tree(project).items() if name not in SEEDS}


def seeds(project: Path) -> Tree:
    """Return the files that an update does not change."""
    return {name: entry for name, entry in read_tree(project).items() if name in SEEDS}


def single(name: str, value: Any) -> Answers:
    """Return one answer, with the toggle it needs."""
    need = questions.requires().get(name)
    return {name: value} if need is None else {name: value, need: True}


def duplicate(project: Path, target: Path) -> Path:
    """Copy a project, so that it may be changed."""
    return Path(shutil.copytree(project, target, symlinks=True))
