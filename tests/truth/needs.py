"""What must be there wherever something else is, and in which combinations it is not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.truth.space import Space, Table


@dataclass(frozen=True, slots=True)
class Need:
    """One place that takes something for granted."""

    place: str
    what: str
    when: Table
    given: Table


def unmet(space: Space, needs: Iterable[Need]) -> Iterator[str]:
    """Yield what is missing, and the answers with which it is."""
    for need in needs:
        if missing := need.when & space.without(need.given):
            yield f"{need.place} needs {need.what}: missing with {space.explain(missing)}"
