"""Tables of combinations: integers with one bit for each combination of choices.

So "wherever this is, that is" takes one `&` for all combinations, some millions, at once.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from math import prod
from typing import Any

from tests import questions
from tests.static_checks import answers
from tests.static_checks.answers import Row

Table = int

NEVER: Table = 0


def either(tables: Iterable[Table]) -> Table:
    """Return the union of tables. A single one is not copied, since they are large."""
    found = NEVER
    for table in tables:
        found = found | table if found else table
    return found


def both(one: Table, other: Table) -> Table:
    """Return the intersection of tables. If it is one of them, that is not copied."""
    found = one & other
    return next((table for table in (one, other) if table == found), found)


class Space:
    """All possible combinations of some choices."""

    def __init__(self, names: Iterable[str]) -> None:
        chosen = {choice for name in names for choice in answers.inputs(name)}
        needs = questions.requires()
        chosen |= {needs[name] for name in chosen if name in needs}
        self.choices = {n: questions.choices(n) for n in sorted(chosen, key=_place)}
        self._tables: dict[tuple[str, Any], Table] = {}
        self._everything = (1 << prod(map(len, self.choices.values()))) - 1
        self.possible = self._everything
        for name in chosen & needs.keys():
            self.possible &= self.without(self.table(name)) | self.table(needs[name])

    def table(self, name: str, value: Any = True) -> Table:
        """Return where an answer has that value: nowhere, if there is no such question."""
        key = (name, value)
        if key not in self._tables:
            self._tables[key] = self._chosen(*key) if name in self.choices else self._computed(*key)
        return self._tables[key]

    def where(self, row: Row) -> Table:
        """Return where all these answers are given."""
        return reduce(both, (self.table(*one) for one in row.items()), self.possible)

    def without(self, table: Table) -> Table:
        """Return the complement of a table."""
        return self._everything ^ table

    def rows(
        self, names: Sequence[str], within: Table | None = None
    ) -> Iterator[tuple[Row, Table]]:
        """Yield every possible set of values of these answers, and where they have it."""
        table = self.possible if within is None else within
        if not names:
            yield {}, table
            return
        first, *rest = names
        for value in answers.values(first):
            if both := table & self.table(first, value):
                for row, found in self.rows(rest, both):
                    yield {first: value} | row, found

    def explain(self, table: Table) -> str:
        """Describe a combination of a table by the fewest answers that lead to it."""
        at = (table & -table).bit_length() - 1
        row = {n: v for n in self.choices for v in self.choices[n] if self.table(n, v) >> at & 1}
        for name in reversed(self.choices):
            rest = {other: value for other, value in row.items() if other != name}
            if not self.where(rest) & self.without(table):
                row = rest
        return ", ".join(f"{name}={value}" for name, value in row.items()) or "any answers"

    def _chosen(self, name: str, value: Any) -> Table:
        """Return the table of a value, whose bits repeat periodically."""
        stride = 1
        for other in self.choices:
            if other == name:
                break
            stride *= len(self.choices[other])
        values = self.choices[name]
        table = ((1 << stride) - 1) << stride * values.index(value)
        length, whole = stride * len(values), self._everything.bit_length()
        while length < whole:
            step = min(length, whole - length)
            table |= table << step
            length += step
        return table

    def _computed(self, name: str, value: Any) -> Table:
        if name not in questions.questions():
            return NEVER
        rows = self.rows(sorted(answers.inputs(name)))
        return either(table for row, table in rows if answers.value(name, row) == value)


def _place(name: str) -> int:
    return list(questions.questions()).index(name)
