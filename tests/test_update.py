"""`update(edit(copy(A)), B) == edit(copy(B))`, byte for byte, modes and folders included.

A project depends on its answers and the user's edits alone, not on earlier answers. Two files are
seeds and not compared: the changelog, and the initial migration, which has run on a database by
then. See `_exclude` in config/files.yml.
"""

from itertools import cycle, islice, pairwise, permutations
from pathlib import Path

import pytest

from tests import combinations, questions, releases, texts
from tests.combinations import Answers
from tests.conftest import Render
from tests.edits import edit
from tests.projects import duplicate, seeds, single, start, update, without_seeds
from tests.rendering import Tree, read_tree
from tests.turns import in_projects, of_day

THOROUGH = pytest.mark.thorough
CHOSEN = [name for name in combinations.parameters(paper=True) if name not in questions.toggles()]
# With most other features on, a toggle has other neighbouring lines.
BASES = [
    pytest.param({}, id="standard"),
    pytest.param({"preset": "full"}, id="full", marks=THOROUGH),
]


# Of the toggles whose own files differ from the last release, a fifth each day.
DAYS = 5
CHANGED = sorted(texts.owners(in_projects(releases.changed_since_the_last())))
TODAYS = of_day(CHANGED, DAYS)
TOGGLES = [
    pytest.param(toggle, marks=() if toggle in TODAYS else THOROUGH)
    for toggle in questions.toggles()
]


def edited(project: Path, target: Path, names: list[str]) -> Tree:
    """Return a copy with the user's changes to these files."""
    own = duplicate(project, target)
    edit(own, names)
    return without_seeds(own)


def all_pairs_in_a_row() -> list[str]:
    """Return presets so that each change from one to another occurs between two neighbours."""
    row = questions.presets()[:1]
    missing = set(permutations(questions.presets(), 2))
    while missing:
        steps = sorted(step for step in missing if step[0] == row[-1])
        step = steps[0] if steps else min(missing)
        row += [step[1]] if steps else list(step)
        missing -= set(pairwise(row))
    return row


def all_choices_in_a_row() -> list[Answers]:
    """Return answers so that each choice of each question is taken and left again."""
    longest = max(len(questions.choices(name)) for name in CHOSEN)
    rounds = {name: list(islice(cycle(questions.choices(name)), longest)) for name in CHOSEN}
    steps = [{name: values[n] for name, values in rounds.items()} for n in range(longest)]
    return [*steps, steps[0]]


def test_the_changes_contain_every_choice_and_every_preset() -> None:
    row, choices = all_pairs_in_a_row(), all_choices_in_a_row()

    assert set(pairwise(row)) == set(permutations(questions.presets(), 2))
    assert len(CHOSEN) >= 5
    for name in CHOSEN:
        assert {step[name] for step in choices} == set(questions.choices(name))
        assert all(before[name] != after[name] for before, after in pairwise(choices[:2]))


def test_a_few_days_cover_every_toggle_that_differs() -> None:
    turns = [of_day(CHANGED, DAYS, day) for day in range(DAYS)]

    assert sorted(name for turn in turns for name in turn) == CHANGED
    assert max(map(len, turns)) <= len(CHANGED) // DAYS + 1


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("toggle", TOGGLES)
def test_a_toggle_is_switched_on_and_off_and_the_users_edits_stay(
    copied: Render, tmp_path: Path, toggle: str, base: Answers
) -> None:
    off, on = base | single(toggle, False), base | single(toggle, True)
    project = duplicate(copied(**off), tmp_path / "project")
    names = edit(project)
    start(project)
    before = read_tree(project)

    update(project, **on)
    between, own = without_seeds(project), seeds(project)
    update(project, **off)

    assert between == edited(copied(**on), tmp_path / "on", names)
    assert own == seeds(copied(**off))
    assert read_tree(project) == before


def test_each_choice_can_be_changed_and_the_users_edits_stay(
    copied: Render, tmp_path: Path
) -> None:
    first, *rest = all_choices_in_a_row()
    project = duplicate(copied(**first), tmp_path / "project")
    names = edit(project)
    start(project)
    before = read_tree(project)

    for number, answers in enumerate(rest):
        update(project, **answers)
        assert without_seeds(project) == edited(copied(**answers), tmp_path / f"{number}", names)

    assert read_tree(project) == before


@pytest.mark.parametrize(
    "row",
    [
        pytest.param([*questions.presets(), questions.presets()[0]], id="in a ring"),
        pytest.param(all_pairs_in_a_row(), id="each to each", marks=THOROUGH),
    ],
)
def test_an_update_between_presets_equals_a_copy(
    copied: Render, tmp_path: Path, row: list[str]
) -> None:
    first, *rest = row
    project = start(duplicate(copied(preset=first), tmp_path / "project"))

    for preset in rest:
        update(project, preset=preset)
        assert without_seeds(project) == without_seeds(copied(preset=preset)), preset

    assert seeds(project) == seeds(copied(preset=first))


def test_an_update_without_answers_changes_nothing(copied: Render, tmp_path: Path) -> None:
    answers = {"auth": False, "license": "Apache-2.0", "project_name": "Order Desk"}
    project = start(duplicate(copied(**answers), tmp_path / "project"))
    before = read_tree(project)

    update(project)

    assert read_tree(project) == before


def test_an_explicit_toggle_is_kept_when_the_preset_changes(copied: Render, tmp_path: Path) -> None:
    project = start(duplicate(copied(preset="standard", auth=False), tmp_path / "project"))

    update(project, preset="full")

    assert "auth: false" in (project / ".copier-answers.yml").read_text()
    assert not (project / "app/api/auth.py").exists()


def test_an_update_does_not_change_a_deleted_or_edited_seed(copied: Render, tmp_path: Path) -> None:
    project = duplicate(copied(auth=False), tmp_path / "project")
    changelog = project / "CHANGELOG.md"
    migration = project / "migrations/versions/0001_initial.py"
    changelog.unlink()
    migration.rename(migration.with_name("0001_squashed.py"))
    start(project)

    update(project, auth=True)

    assert not changelog.exists()
    assert [path.name for path in migration.parent.glob("*.py")] == ["0001_squashed.py"]
