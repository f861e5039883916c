"""`update(copy(A), B) == copy(B)`: the way to a set of answers leaves no trace in a project.

Two files are the project's own from the first day and stay out of it: the changelog, and the
initial migration, which has run on somebody's database by then. See `_exclude` in copier.yml.
"""

import shutil
import subprocess
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import copier
import pytest
import uv

from tests import combinations, questions
from tests.combinations import Answers
from tests.rendering import Tree, git, read_tree

SEEDS = ("CHANGELOG.md", "migrations/versions/0001_initial.py")

Make = Callable[..., Path]


@pytest.fixture
def make(released: Path, tmp_path: Path) -> Make:
    """Return a function that copies a project and commits it, as a user would."""

    def made(name: str, **answers: Any) -> Path:
        project = tmp_path / name
        copier.run_copy(str(released), project, data=answers, defaults=True, quiet=True)
        git(project, "init", "--quiet")
        commit(project)
        return project

    return made


def commit(project: Path) -> None:
    git(project, "add", "--all")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "work")


def update(project: Path, **answers: Any) -> None:
    """Run what `copier update --defaults` runs, without trust, and look for what it left undone."""
    copier.run_update(
        project, data=answers, defaults=True, overwrite=True, quiet=True, unsafe=False
    )
    assert git(project, "ls-files", "--unmerged") == ""
    assert list(project.rglob("*.rej")) == []
    markers = [path for path in project.rglob("*") if path.is_file() and marked(path)]
    assert markers == []
    commit(project)


def marked(path: Path) -> bool:
    return b"\n<<<<<<< " in b"\n" + path.read_bytes()


def without_seeds(tree: Tree) -> Tree:
    return {name: entry for name, entry in tree.items() if name not in SEEDS}


def single(name: str, value: Any) -> Answers:
    """Return one answer, with the toggle it needs."""
    need = questions.requires().get(name)
    return {name: value} if need is None else {name: value, need: True}


def switches() -> list[tuple[Answers, Answers]]:
    """Return from and to: each choice to each other, one at a time; each preset to each other."""
    changes: list[tuple[Answers, Answers]] = []
    for name in combinations.parameters(paper=False):
        sides = [single(name, value) for value in questions.choices(name)]
        changes += permutations(sides, 2)
    return changes + list(permutations(combinations.preset_rows(), 2))


def label(change: tuple[Answers, Answers]) -> str:
    return "-to-".join(",".join(f"{k}={v}" for k, v in side.items()) for side in change)


@pytest.mark.parametrize("change", switches(), ids=label)
def test_an_update_arrives_where_a_copy_would(make: Make, change: tuple[Answers, Answers]) -> None:
    before, after = change
    project = make("updated", **before)
    seeds = {name: (project / name).read_bytes() for name in SEEDS}

    update(project, **after)

    assert without_seeds(read_tree(project)) == without_seeds(read_tree(make("copied", **after)))
    assert {name: (project / name).read_bytes() for name in SEEDS} == seeds


@pytest.mark.parametrize("toggle", questions.toggles())
def test_there_and_back_again_changes_nothing(make: Make, toggle: str) -> None:
    project = make("project", **single(toggle, True))
    before = read_tree(project)

    update(project, **{toggle: False})
    between = read_tree(project)
    update(project, **{toggle: True})

    assert between != before
    assert read_tree(project) == before


def test_an_update_without_answers_changes_nothing(make: Make) -> None:
    project = make("project", auth=False, license="Apache-2.0", project_name="Order Desk")
    before = read_tree(project)

    update(project)

    assert read_tree(project) == before


def test_an_explicit_toggle_outlives_a_change_of_preset(make: Make) -> None:
    project = make("project", preset="standard", auth=False)

    update(project, preset="full")

    assert "auth: false" in (project / ".copier-answers.yml").read_text()
    assert not (project / "app/api/auth.py").exists()


def edits(project: Path) -> dict[str, str]:
    """Make the changes people make, and return what must still be there later, file by file."""
    main = project / "app/main.py"
    readme = project / "README.md"
    justfile = project / "justfile"
    router = project / "app/api/v1/endpoints/reports.py"

    main.write_text(main.read_text() + "\nREPORTS = True\n")
    readme.write_text(readme.read_text().replace("\n\n", "\n\nOurs since Monday.\n\n", 1))
    add = [uv.find_uv_bin(), "add", "--quiet", "--frozen", "--project", project, "polars>=1.3"]
    subprocess.run(add, check=True)
    justfile.write_text(justfile.read_text() + "\nreports:\n    uv run python -m app.reports\n")
    router.write_text('"""Reports."""\n\nROUTES: list[str] = []\n')
    return {
        "app/main.py": "REPORTS = True",
        "README.md": "Ours since Monday.",
        "pyproject.toml": '"polars>=1.3",',
        "justfile": "uv run python -m app.reports",
        "app/api/v1/endpoints/reports.py": "ROUTES: list[str] = []",
    }


@pytest.mark.parametrize(
    "change", [change for change in switches() if "preset" not in change[0]], ids=label
)
def test_a_users_edits_survive(make: Make, change: tuple[Answers, Answers]) -> None:
    before, after = change
    project = make("project", **before)
    kept = edits(project)
    commit(project)

    update(project, **after)

    copied = read_tree(make("copied", **after))
    for name, words in kept.items():
        assert (project / name).read_text().count(words) == 1, name
    changed = {name for name, entry in read_tree(project).items() if copied.get(name) != entry}
    assert changed - set(SEEDS) == set(kept)


def test_a_seed_that_was_deleted_or_rewritten_stays_so(make: Make) -> None:
    project = make("project", auth=False)
    changelog, migration = (project / name for name in SEEDS)
    changelog.unlink()
    migration.rename(migration.with_name("0001_squashed.py"))
    commit(project)

    update(project, auth=True)

    assert not changelog.exists()
    assert [path.name for path in migration.parent.glob("*.py")] == ["0001_squashed.py"]


def test_a_new_release_arrives_and_a_switched_off_feature_stays_away(
    make: Make, released: Path, tmp_path: Path
) -> None:
    project = make("project", auth=False)
    newer = Path(shutil.copytree(released, tmp_path / "newer"))
    (newer / "template/app/novelty.py").write_text('"""New."""\n')
    module = newer / "template/app/main.py"
    module.write_text(module.read_text().replace("\n\n", "\n\n# Since 1.1.0\n", 1))
    commit(newer)
    git(newer, "tag", "1.1.0")
    answers = project / ".copier-answers.yml"
    answers.write_text(answers.read_text().replace(str(released), str(newer)))
    kept = edits(project)
    commit(project)

    update(project)

    assert (project / "app/novelty.py").exists()
    assert "# Since 1.1.0" in (project / "app/main.py").read_text()
    assert "_commit: 1.1.0" in answers.read_text()
    assert not (project / "app/api/auth.py").exists()
    for name, words in kept.items():
        assert words in (project / name).read_text(), name
