"""Each item that exists from the first page to the last is listed exactly once."""

import asyncio
import random
from collections import Counter
from uuid import UUID

import pytest
from httpx2 import AsyncClient
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.models.item import Item
from tests.api_v2.cursor_pages import ITEMS, cursor_pages, iter_items
from tests.factories import make_item

SEEDS = range(25)
PARALLEL = 6


class ConcurrentWriter:
    """Adds, changes and deletes items at random; `lasting` are those that exist all the time."""

    def __init__(self, session: AsyncSession, random: random.Random) -> None:
        self.session = session
        self.random = random
        self.lasting: set[UUID] = set()
        self.present: list[UUID] = []

    async def add_first_items(self) -> None:
        """Add the items that exist before the first page."""
        for _ in range(self.random.randint(0, 12)):
            await self.add()
        self.lasting = set(self.present)

    async def add(self) -> None:
        """Add an item. A transaction that began long ago may commit only now."""
        new = uuid7() if self.random.random() < 0.5 else UUID(int=self.old_id())
        self.present.append((await make_item(self.session, id=new)).id)

    def old_id(self) -> int:
        """Return an id between the existing ones, or before them all."""
        near = self.random.choice(self.present).int if self.present else uuid7().int
        return near + self.random.choice([-1, 1]) * self.random.randint(1, 2**40)

    async def change(self) -> None:
        """Change a column that does not matter to the order."""
        if self.present:
            chosen = update(Item).where(Item.id == self.random.choice(self.present))
            await self.session.execute(chosen.values(stock=self.random.randint(0, 9)))

    async def remove(self) -> None:
        """Delete an item: already listed, the one in the cursor, or not yet listed."""
        if self.present:
            chosen = self.present.pop(self.random.randrange(len(self.present)))
            await self.session.execute(delete(Item).where(Item.id == chosen))
            self.lasting.discard(chosen)

    async def write(self) -> None:
        """Do up to three random writes."""
        for _ in range(self.random.randint(0, 3)):
            await self.random.choice([self.add, self.change, self.remove])()


@pytest.mark.parametrize("seed", SEEDS)
async def test_each_lasting_item_is_listed_exactly_once(
    client: AsyncClient, session: AsyncSession, seed: int
) -> None:
    writer = ConcurrentWriter(session, random.Random(seed))  # noqa: S311
    await writer.add_first_items()
    seen: Counter[UUID] = Counter()

    async for page in cursor_pages(client, size=writer.random.randint(1, 4)):
        seen.update(UUID(item["id"]) for item in page)
        await writer.write()

    assert set(seen) >= writer.lasting
    assert set(seen.values()) <= {1}


async def test_lists_are_exact_while_other_clients_write(
    client: AsyncClient, session: AsyncSession
) -> None:
    lasting = {str((await make_item(session)).id) for _ in range(20)}
    over = asyncio.Event()

    async def write(number: int) -> None:
        count = 0
        while not over.is_set():
            count += 1
            made = await client.post(ITEMS, json={"name": f"{number}/{count}", "price": "1"})
            assert (await client.delete(made.headers["location"])).status_code == 204

    writers = [asyncio.create_task(write(number)) for number in range(2)]
    counts = await asyncio.gather(*(collect(client, size) for size in range(1, PARALLEL)))
    over.set()
    await asyncio.gather(*writers)

    for seen in counts:
        assert [seen[one] for one in lasting] == [1] * 20
        assert set(seen.values()) == {1}


async def collect(client: AsyncClient, size: int) -> Counter[str]:
    """Count how often each item is listed."""
    return Counter([item["id"] async for item in iter_items(client, size=size)])
