"""Updates from a release to the working tree equal a fresh copy with the same edits.

From the last release in every run, from each older one in `just test-all`.
"""

import re
import shutil
from pathlib import Path

import copier
import pytest
from copier.errors import UnsafeTemplateError

from tests import questions, releases
from tests.combinations import Answers
from tests.definitions import unresolved
from tests.projects import commit, seeds, start, update, upgrade, without_seeds
from tests.releases import Release, copy
from tests.rendering import Tree, read_tree
from tests.turns import taking_turns

*OLDER, LAST = releases.releases()
RELEASES = [
    *(pytest.param(one, id=one.version, marks=pytest.mark.thorough) for one in OLDER),
    pytest.param(LAST, id=LAST.version),
]
ALL_ON: Answers = dict.fromkeys(questions.toggles(), True)
# Answers of the copy, and what an update changes besides the release: one each day.
CHANGES: list[pytest.ParameterSet] = [
    pytest.param({"preset": "full"}, {}, id="nothing"),
    pytest.param({}, ALL_ON, id="everything on"),
    pytest.param({"preset": "full"}, {"preset": "minimal"}, id="everything off"),
]
FUNCTION = re.compile(r"^((?:async )?def \w+\(.*\).*:\n)", re.MULTILINE)


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest) -> Release:
    """Return one release."""
    return request.param


@pytest.fixture
def repository(release: Release, tmp_path: Path) -> Path:
    """Return a template of two releases: that one, and the working tree."""
    return releases.history(release, tmp_path / "template")


def append(project: Path, overlay: Path) -> list[str]:
    """Make changes that fit every release, and return the Python files that were added."""
    shutil.copytree(overlay, project, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.pyc"))
    main = project / "app/main.py"
    main.write_text(main.read_text() + "\n# The end.\n")
    return [path.relative_to(overlay).as_posix() for path in overlay.rglob("*.py")]


def without(names: list[str], project: Path) -> Tree:
    """Return the files that a copy and an update have in common, except these."""
    return {name: entry for name, entry in without_seeds(project).items() if name not in names}


def test_an_upgrade_equals_a_copy_and_keeps_edits(
    release: Release, repository: Path, tmp_path: Path
) -> None:
    project = copy(repository, tmp_path / "project", release.version)
    # The user's files have the names of the last release; those of all before it were the same.
    added = append(project, LAST.extract(tmp_path / "last") / "tests/overlay")
    own = seeds(start(project))
    assert list(unresolved(project, added)) == []

    upgrade(project, {}, trusted=release.needs_trust())

    copied = copy(repository, tmp_path / "copied")
    append(copied, questions.ROOT / "tests/overlay")
    assert f"_commit: {releases.next_version()}" in (project / ".copier-answers.yml").read_text()
    assert without(added, project) == without(added, copied)
    # A seed gets new names, and stays as it is otherwise.
    python = [name for name in own if name.endswith(".py")]
    assert list(unresolved(project, [*added, *python])) == []
    changed = {name for name, entry in seeds(project).items() if entry != own[name]}
    assert changed <= ({*python} if release.renames().files else set())


@pytest.mark.parametrize(("before", "change"), taking_turns(CHANGES, len(CHANGES)))
def test_an_upgrade_may_switch_features_in_the_same_step(
    release: Release, repository: Path, tmp_path: Path, before: Answers, change: Answers
) -> None:
    project = start(copy(repository, tmp_path / "project", release.version, **before))

    upgrade(project, change, trusted=release.needs_trust())

    copied = copy(repository, tmp_path / "copied", **(before | change))
    assert without_seeds(project) == without_seeds(copied)


def mark(path: Path, name: str) -> list[str]:
    """Add a comment to each function of a file, or to its end, and return the comments."""
    text = path.read_text()
    numbers = iter(range(1000))
    marked = FUNCTION.sub(lambda found: f"{found[0]}    # Ours: {name} {next(numbers)}.\n", text)
    count = next(numbers)
    path.write_text(marked if count else f"{text}\n# Ours: {name} 0.\n")
    return [f"# Ours: {name} {number}.\n" for number in range(max(count, 1))]


def test_edits_to_files_that_were_renamed_arrive_in_the_new_ones(
    release: Release, repository: Path, tmp_path: Path
) -> None:
    project = copy(repository, tmp_path / "project", release.version, preset="full")
    renamed = {"app/main.py": ["app/main.py"], **release.renames().files}
    there = [name for name in renamed if (project / name).is_file()]
    marks = {name: mark(project / name, name) for name in there}
    start(project)
    if release.needs_trust():
        before = read_tree(project)
        with pytest.raises(UnsafeTemplateError, match="migrations"):
            update(project)
        assert read_tree(project) == before

    # The template has changed many of these lines too: they may be between conflict markers.
    copier.run_update(project, defaults=True, overwrite=True, quiet=True, unsafe=True)
    commit(project)

    fresh = copy(repository, tmp_path / "fresh", preset="full")
    for name in there:
        targets = [target for target in renamed[name] if (fresh / target).exists()]
        texts = [(project / target).read_text() for target in targets]
        lost = [line for line in marks[name] if sum(text.count(line) for text in texts) != 1]
        assert lost == [], name
