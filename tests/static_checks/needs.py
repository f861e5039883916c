"""What must be there wherever something else is, and in which combinations it is not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.static_checks.space import NEVER, Space, Table, either


@dataclass(frozen=True, slots=True)
class Need:
    """One place that takes something for granted."""

    place: str
    what: str
    when: Table
    given: Table


def unmet(space: Space, needs: Iterable[Need]) -> Iterator[str]:
    """Yield what is missing, and answers with which it is."""
    found: dict[tuple[str, str], Table] = {}
    for need in needs:
        if missing := need.when & space.without(need.given):
            key = (need.place, need.what)
            found[key] = either([found.get(key, NEVER), missing])
    for (place, what), missing in found.items():
        yield f"{place} needs {what}: missing with {space.explain(missing)}"
