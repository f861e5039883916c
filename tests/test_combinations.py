"""The rows that are rendered whole hold what they promise."""

from tests import combinations, questions

ROWS = combinations.many(paper=True)


def test_the_rows_hold_every_pair_of_choices() -> None:
    choices = combinations.parameters(paper=True)
    seen = combinations.paired_rows(paper=True)

    for first, x in ((name, value) for name, values in choices.items() for value in values):
        for second, y in ((name, value) for name, values in choices.items() for value in values):
            if first != second and combinations.is_possible({first: x, second: y}):
                assert any(row[first] == x and row[second] == y for row in seen)
    assert len(seen) < 40


def test_the_rows_hold_every_preset_and_each_toggle_alone_and_missing() -> None:
    toggles, needs = questions.toggles(), questions.requires()
    shown = [frozenset(effect.split("-")) & frozenset(toggles) for effect in ROWS]

    assert len(toggles) >= 1
    for chosen in toggles:
        depending = {name for name, need in needs.items() if need == chosen}
        assert frozenset({chosen, needs.get(chosen, chosen)}) in shown
        assert frozenset(toggles) - {chosen} - depending in shown
    for preset in questions.presets():
        assert frozenset(questions.preset_features(preset)) in shown
