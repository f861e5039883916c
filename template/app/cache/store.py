"""Where a cache keeps its entries: a port, and the memory of this process."""

import time
from collections import OrderedDict
from collections.abc import Collection
from typing import Protocol

# Longer than a load may take: the waits for a connection and for a statement are bounded.
LEASE_SECONDS = 15
MOST_ENTRIES = 10_000


class Store(Protocol):
    """One text a key: a value, or the lease of those who are about to load the value.

    An entry may vanish at any time, and a lease with it; that costs a load and nothing else.
    """

    async def claim(self, key: str, lease: str) -> str | None:
        """Return the entry. If there is none, leave the lease there and return that."""
        ...

    async def fill(self, key: str, lease: str, value: str, seconds: float) -> None:
        """Replace the lease by the value, but only that lease."""
        ...

    async def drop(self, keys: Collection[str]) -> None:
        """Delete the entries. Whoever holds a lease on one will not fill it."""
        ...


class LocalStore:
    """Keeps entries in this process, those that were used last."""

    def __init__(self) -> None:
        self.entries: OrderedDict[str, tuple[str, float]] = OrderedDict()

    async def claim(self, key: str, lease: str) -> str:
        """Return the entry, or leave the lease."""
        text, expires = self.entries.get(key, (lease, 0.0))
        if expires <= time.monotonic():
            self._put(key, lease, LEASE_SECONDS)
            return lease
        self.entries.move_to_end(key)
        return text

    async def fill(self, key: str, lease: str, value: str, seconds: float) -> None:
        """Replace the lease."""
        if key in self.entries and self.entries[key][0] == lease:
            self._put(key, value, seconds)

    async def drop(self, keys: Collection[str]) -> None:
        """Delete the entries."""
        for key in keys:
            self.entries.pop(key, None)

    def _put(self, key: str, text: str, seconds: float) -> None:
        self.entries[key] = (text, time.monotonic() + seconds)
        self.entries.move_to_end(key)
        if len(self.entries) > MOST_ENTRIES:
            self.entries.popitem(last=False)
