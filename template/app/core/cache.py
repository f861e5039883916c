"""The cache: a port, and what stands for it without the feature `cache`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Cached(Generic[ModelT]):
    """A value, and whether it was a hit; None without a cache."""

    value: ModelT
    hit: bool | None = None


class Cache:
    """Values by key, each of one Pydantic model. This one keeps none: every read loads."""

    async def read(
        self, key: str, model: type[ModelT], load: Callable[[], Awaitable[ModelT]]
    ) -> Cached[ModelT]:
        """Return the value, from the cache or by `load`. An error of `load` is not cached.

        `load` must read committed data: not in a transaction that has changed something.
        """
        return Cached(await load())

    def invalidate(self, session: AsyncSession, *keys: str) -> None:
        """Delete the values after the session's commit and before the answer.

        A read after that answer gets the new value.
        """
