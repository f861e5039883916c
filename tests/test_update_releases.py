"""From a release to the working tree: the result is that of a fresh copy, edits and all.

From the last release in every run, from each older one in `just test-all`.
"""

from pathlib import Path
from typing import Any

import pytest

from tests import questions, releases
from tests.edits import edit
from tests.projects import seeds, start, update, without_seeds
from tests.releases import Release, copy

*OLDER, LAST = releases.releases()
RELEASES = [
    *(pytest.param(one, id=one.version, marks=pytest.mark.thorough) for one in OLDER),
    pytest.param(LAST, id=LAST.version),
]
ALL_ON: dict[str, Any] = dict.fromkeys(questions.toggles(), True)


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest) -> Release:
    """Return one release."""
    return request.param


@pytest.fixture
def repository(release: Release, tmp_path: Path) -> Path:
    """Return a template of two releases: that one, and the working tree."""
    return releases.history(release, tmp_path / "template")


def append(project: Path) -> None:
    """Make changes that fit every release."""
    edit(project, ())
    main = project / "app/main.py"
    main.write_text(main.read_text() + "\n# The end.\n")


def test_an_upgrade_arrives_where_a_copy_would_and_keeps_edits(
    release: Release, repository: Path, tmp_path: Path
) -> None:
    project = copy(repository, tmp_path / "project", release.version)
    append(project)
    own = seeds(start(project))

    update(project)

    copied = copy(repository, tmp_path / "copied")
    append(copied)
    assert f"_commit: {releases.version()}.post1" in (project / ".copier-answers.yml").read_text()
    assert without_seeds(project) == without_seeds(copied)
    assert seeds(project) == own


def test_an_upgrade_may_switch_everything_on_in_the_same_step(
    release: Release, repository: Path, tmp_path: Path
) -> None:
    project = start(copy(repository, tmp_path / "project", release.version))

    update(project, **ALL_ON)

    copied = copy(repository, tmp_path / "copied", **ALL_ON)
    assert without_seeds(project) == without_seeds(copied)


def test_an_upgrade_may_switch_everything_off_in_the_same_step(
    release: Release, repository: Path, tmp_path: Path
) -> None:
    project = start(copy(repository, tmp_path / "project", release.version, preset="full"))

    update(project, preset="minimal")

    copied = copy(repository, tmp_path / "copied", preset="minimal")
    assert without_seeds(project) == without_seeds(copied)


def test_an_upgrade_of_everything_arrives_where_a_copy_would(
    release: Release, repository: Path, tmp_path: Path
) -> None:
    project = start(copy(repository, tmp_path / "project", release.version, preset="full"))

    update(project)

    copied = copy(repository, tmp_path / "copied", preset="full")
    assert without_seeds(project) == without_seeds(copied)
