"""Reading whole tables without holding them."""

from collections.abc import AsyncGenerator, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.repositories.item import ItemRepository

BATCH = 1000


async def stream_items(
    sessions: async_sessionmaker[AsyncSession],
) -> AsyncGenerator[Sequence[Any], None]:
    """Yield all items in batches, each with a session of its own.

    A slow reader must not hold a connection, so the next batch starts after the last id instead
    of going on with a cursor.
    """
    last = None
    while True:
        async with sessions() as session:
            rows = await ItemRepository(session).after(last, BATCH)
        if not rows:
            return
        yield rows
        last = rows[-1].id
