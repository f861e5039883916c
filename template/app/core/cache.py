"""Reading through a cache: a port. Without the `cache` feature, every read is a fresh one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Cached(Generic[ModelT]):
    """A value, and whether it came from the cache; None if there is no cache."""

    value: ModelT
    hit: bool | None = None


class Cache(Protocol):
    """Keeps values by key, each of one Pydantic model."""

    async def read(
        self, key: str, model: type[ModelT], load: Callable[[], Awaitable[ModelT]]
    ) -> Cached[ModelT]:
        """Return the value, from the cache or by `load`. What `load` raises is not kept.

        `load` must read what is committed, so not in a transaction that has changed something.
        """
        ...

    def forget(self, session: AsyncSession, *keys: str) -> None:
        """Forget the values once the session's transaction is committed, and not before.

        Whoever reads after the commit was answered, gets the new value.
        """
        ...


class NoCache:
    """Keeps nothing."""

    async def read(
        self, key: str, model: type[ModelT], load: Callable[[], Awaitable[ModelT]]
    ) -> Cached[ModelT]:
        """Load the value."""
        return Cached(await load())

    def forget(self, session: AsyncSession, *keys: str) -> None:
        """There is nothing to forget."""
