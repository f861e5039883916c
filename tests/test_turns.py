"""Parts that take turns by the day: each day has some, and a few days have all."""

from itertools import chain

import pytest

from tests.turns import LEFT, every_other_day, in_projects, of_day, taking_turns


@pytest.mark.parametrize("days", [1, 2, 3, 5])
@pytest.mark.parametrize("number", [1, 4, 7])
def test_each_part_has_its_turn_once_in_so_many_days(number: int, days: int) -> None:
    turns = [of_day(range(number), days, day) for day in range(30, 30 + days)]

    assert sorted(chain.from_iterable(turns)) == list(range(number))
    assert max(map(len, turns)) - min(map(len, turns)) <= 1


def test_parameters_of_other_days_are_left_to_the_whole_run() -> None:
    service = pytest.mark.service
    parameters = [pytest.param(name, id=name, marks=service) for name in ("a", "b", "c")]

    marked = taking_turns(parameters, 3, day=4)

    names = [[mark.name for mark in one.marks] for one in marked]
    assert names == [["service", "thorough"], ["service"], ["service", "thorough"]]
    assert [one.id for one in marked] == ["a", "b", "c"]
    assert [one.values for one in marked] == [("a",), ("b",), ("c",)]


@pytest.mark.parametrize("even", [True, False])
def test_each_of_two_long_tests_runs_on_every_other_day(even: bool) -> None:
    marks = [every_other_day(even=even, day=day) for day in (30, 31, 32)]

    assert [mark is LEFT for mark in marks] == [not even, even, not even]
    assert marks[0 if even else 1](len) is len


def test_a_long_test_runs_where_its_page_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.turns.changed", lambda: {"docs/tutorial.md"})

    assert every_other_day(even=True, day=31, pages=["docs/tutorial.md"]) is not LEFT
    assert every_other_day(even=True, day=31, pages=["docs/updating.md"]) is LEFT


def test_files_of_the_template_are_named_as_in_a_project() -> None:
    names = ["template/app/main.py.jinja", "template/justfile", "tests/turns.py"]

    assert in_projects(names) == {"app/main.py", "justfile"}
