"""The rows of rendered services contain all pairs, and triples in `just test-all`."""

from itertools import chain, product
from itertools import combinations as choose

import pytest

from tests import combinations, questions
from tests.combinations import Answers
from tests.coverage_summary import count_covered

TOGGLES, NEEDS = questions.toggles(), questions.requires()


def met(rows: dict[str, Answers], strength: int, *, paper: bool) -> set[frozenset[tuple[str, str]]]:
    """Return the sets of choices that occur together in some row."""
    wholes = [combinations.whole(row, paper=paper) for row in rows.values()]
    return {
        frozenset((name, str(value)) for name, value in some)
        for row in wholes
        for some in choose(row.items(), strength)
    }


@pytest.mark.parametrize("paper", [False, True])
def test_every_pair_of_choices_occurs_in_the_few_rows(paper: bool) -> None:
    choices, rows = combinations.parameters(paper=paper), combinations.few(paper=paper)
    found, wanted = met(rows, 2, paper=paper), 0

    for first, second in choose(choices, 2):
        for x in choices[first]:
            for y in choices[second]:
                if combinations.is_possible({first: x, second: y}):
                    wanted += 1
                    assert {(first, str(x)), (second, str(y))} in found
    if not paper:
        count_covered("pairs of choices that meet in a service that is tested whole", wanted)
    assert len(rows) < 40


def test_every_triple_of_choices_without_a_server_occurs_in_the_many_rows() -> None:
    choices = combinations.parameters(paper=False)
    rows = combinations.many(paper=False)
    found = met(rows, 3, paper=False)

    for names in choose([name for name in choices if name != "server"], 3):
        for values in product(*(choices[name] for name in names)):
            if combinations.is_possible(dict(zip(names, values, strict=True))):
                some = zip(names, map(str, values), strict=True)
                assert frozenset(some) in found
    assert len(rows) < 60


def test_each_server_runs_on_each_database_and_with_all_features() -> None:
    every = [combinations.whole(row, paper=False) for row in chain(*combinations.servers())]
    whole = [row for row in every if all(map(row.get, TOGGLES))]
    bare = [row for row in every if row not in whole]
    servers, databases = questions.choices("server"), questions.choices("database")

    assert {row["server"] for row in whole} == set(servers)
    assert {row["database"] for row in whole} == set(databases)
    assert {(row["server"], row["database"]) for row in bare} == set(product(servers, databases))
    assert {row["example"] for row in bare} == {True}  # what the processes serve


def test_the_rows_hold_every_preset_and_each_toggle_alone_and_missing() -> None:
    few, many = (
        [frozenset(name.split("-")) & frozenset(TOGGLES) for name in rows(paper=False)]
        for rows in (combinations.few, combinations.many)
    )

    assert len(TOGGLES) >= 1
    for chosen in TOGGLES:
        depending = {name for name, need in NEEDS.items() if need == chosen}
        assert frozenset({chosen, NEEDS.get(chosen, chosen)}) in few
        assert frozenset(TOGGLES) - {chosen} - depending in many
    for preset in questions.presets():
        assert frozenset(questions.preset_features(preset)) in few
