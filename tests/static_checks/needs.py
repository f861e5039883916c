"""What must exist where something else exists, and the combinations in which it does not."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.static_checks.space import NEVER, Space, Table, either


@dataclass(frozen=True, slots=True)
class Need:
    """One reference, and the combinations in which source and target exist."""

    place: str
    what: str
    when: Table
    given: Table


def unmet(space: Space, needs: Iterable[Need]) -> Iterator[str]:
    """Yield what is missing, with answers that lead to it."""
    found: dict[tuple[str, str], Table] = {}
    for need in needs:
        if missing := need.when & space.without(need.given):
            key = (need.place, need.what)
            found[key] = either([found.get(key, NEVER), missing])
    for (place, what), missing in found.items():
        yield f"{place} needs {what}: missing with {space.explain(missing)}"
