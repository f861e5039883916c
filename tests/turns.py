"""What a run leaves to other days: parts of one kind take turns, and a few days cover all."""

import subprocess
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date
from functools import cache
from typing import Any, TypeVar

import pytest

from tests.questions import ROOT
from tests.rendering import git

PartT = TypeVar("PartT")
Decorator = Callable[[Any], Any]
TODAY = date.today().toordinal()
LEFT = pytest.mark.thorough


def of_day(parts: Sequence[PartT], days: int, day: int = TODAY) -> list[PartT]:
    """Return the parts whose turn it is on a day: within so many days, all have theirs."""
    return list(parts[day % days :: days])


def taking_turns(
    values: Iterable[object], days: int, day: int = TODAY
) -> list[pytest.ParameterSet]:
    """Return values as parameters of a test; those of other days are left to `just test-all`."""
    every = [one if isinstance(one, pytest.ParameterSet) else pytest.param(one) for one in values]
    mine = of_day(range(len(every)), days, day)
    return [
        one if index in mine else pytest.param(*one.values, id=one.id, marks=[*one.marks, LEFT])
        for index, one in enumerate(every)
    ]


def every_other_day(*, even: bool, day: int = TODAY, pages: Collection[str] = ()) -> Decorator:
    """Leave a long test to `just test-all` on half of the days, unless a page of it differs.

    Another one of its kind runs on those days.
    """
    mine = (day % 2 == 0) == even or not changed().isdisjoint(pages)
    return (lambda test: test) if mine else LEFT


@cache
def changed() -> frozenset[str]:
    """Return the files that differ from `main`, uncommitted too; none on `main` itself."""
    base = "HEAD"
    for main in ("origin/main", "main"):
        command = ["git", "-C", ROOT, "merge-base", "HEAD", main]
        found = subprocess.run(command, check=False, capture_output=True, text=True)
        base = found.stdout.strip() or base
    return frozenset(git(ROOT, "diff", "--name-only", base).splitlines())


def in_projects(names: Iterable[str]) -> set[str]:
    """Return the paths in a project of those files of the repository that are rendered."""
    return {
        name.removeprefix("template/").removesuffix(".jinja")
        for name in names
        if name.startswith("template/")
    }
