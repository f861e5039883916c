"""Mutations of the template: the tests of updates must report each of them."""

from collections.abc import Callable
from pathlib import Path

import copier
import pytest

from tests import releases
from tests.conftest import Render
from tests.projects import duplicate, start, update, without_seeds
from tests.rendering import git, snapshot

Mutate = Callable[[Path], object]


def keep_on_update(template: Path) -> None:
    """Make updates skip a feature's folder, like a seed."""
    seeds = "    /CHANGELOG.md\n"
    change(template / "config/files.yml", seeds, f"{seeds}    app/cache\n")


def name_it_like_a_folder_of_cvs(template: Path) -> None:
    """Add a file to a feature that Copier never deletes: its folder has a name of CVS."""
    folder = template / "template/app/cache/tags"
    folder.mkdir()
    (folder / "note.txt").write_text("It stays.\n")


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def differing(template: Path, folder: Path) -> list[str]:
    """Switch a feature off, and return the paths that differ from a fresh copy."""
    project, fresh = folder / "project", folder / "fresh"
    for target, cache in ((project, True), (fresh, False)):
        copier.run_copy(str(template), target, data={"cache": cache}, defaults=True, quiet=True)
    start(project)
    update(project, cache=False)
    updated, copied = without_seeds(project), without_seeds(fresh)
    names = sorted(updated.keys() | copied.keys())
    return [name for name in names if updated.get(name) != copied.get(name)]


@pytest.mark.parametrize(
    ("mutate", "left"),
    [
        (keep_on_update, "app/cache/feature.py"),
        (name_it_like_a_folder_of_cvs, "app/cache/tags/note.txt"),
    ],
)
def test_a_file_that_an_update_leaves_behind_is_reported(
    tmp_path: Path, mutate: Mutate, left: str
) -> None:
    template = snapshot(tmp_path / "template")
    mutate(template)
    git(template, "init", "--quiet")
    releases.save(template, "1.0.0")

    assert left in differing(template, tmp_path)


def test_a_conflict_is_reported(copied: Render, tmp_path: Path) -> None:
    project = duplicate(copied(), tmp_path / "project")
    change(project / "pyproject.toml", 'description = "A backend service"', 'description = "Ours"')
    start(project)

    with pytest.raises(AssertionError, match=r"pyproject\.toml"):
        update(project, description="Takes orders")
