"""A walk sees each lasting item exactly once, whatever others write meanwhile."""

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
from tests.api_v2.walking import ITEMS, pages, walk
from tests.factories import make_item

SEEDS = range(25)
PARALLEL = 6


class Others:
    """They add, change and delete as chance has it; `lasting` is what they have left alone."""

    def __init__(self, session: AsyncSession, chance: random.Random) -> None:
        self.session = session
        self.chance = chance
        self.lasting: set[UUID] = set()
        self.present: list[UUID] = []

    async def begin(self) -> None:
        """Add what is there before the walk."""
        for _ in range(self.chance.randint(0, 12)):
            await self.add()
        self.lasting = set(self.present)

    async def add(self) -> None:
        """Add an item. A transaction that began long ago may commit only now."""
        new = uuid7() if self.chance.random() < 0.5 else UUID(int=self.an_old_id())
        self.present.append((await make_item(self.session, id=new)).id)

    def an_old_id(self) -> int:
        """An id between those that there are, or before them all."""
        near = self.chance.choice(self.present).int if self.present else uuid7().int
        return near + self.chance.choice([-1, 1]) * self.chance.randint(1, 2**40)

    async def change(self) -> None:
        """Change what does not matter to the walk."""
        if self.present:
            chosen = update(Item).where(Item.id == self.chance.choice(self.present))
            await self.session.execute(chosen.values(stock=self.chance.randint(0, 9)))

    async def remove(self) -> None:
        """Delete an item, be it seen already, the last one seen, or yet to come."""
        if self.present:
            chosen = self.present.pop(self.chance.randrange(len(self.present)))
            await self.session.execute(delete(Item).where(Item.id == chosen))
            self.lasting.discard(chosen)

    async def interfere(self) -> None:
        """Do some of this."""
        for _ in range(self.chance.randint(0, 3)):
            await self.chance.choice([self.add, self.change, self.remove])()


@pytest.mark.parametrize("seed", SEEDS)
async def test_each_lasting_item_is_seen_exactly_once(
    client: AsyncClient, session: AsyncSession, seed: int
) -> None:
    others = Others(session, random.Random(seed))  # noqa: S311
    await others.begin()
    seen: Counter[UUID] = Counter()

    async for page in pages(client, size=others.chance.randint(1, 4)):
        seen.update(UUID(item["id"]) for item in page)
        await others.interfere()

    assert set(seen) >= others.lasting
    assert set(seen.values()) <= {1}


async def test_walks_beside_writers_are_exact(client: AsyncClient, session: AsyncSession) -> None:
    lasting = {str((await make_item(session)).id) for _ in range(20)}
    over = asyncio.Event()

    async def write(number: int) -> None:
        count = 0
        while not over.is_set():
            count += 1
            made = await client.post(ITEMS, json={"name": f"{number}/{count}", "price": "1"})
            assert (await client.delete(made.headers["location"])).status_code == 204

    writers = [asyncio.create_task(write(number)) for number in range(2)]
    walks = await asyncio.gather(*(collect(client, size) for size in range(1, PARALLEL)))
    over.set()
    await asyncio.gather(*writers)

    for seen in walks:
        assert [seen[one] for one in lasting] == [1] * 20
        assert set(seen.values()) == {1}


async def collect(client: AsyncClient, size: int) -> Counter[str]:
    """Count how often each item is seen."""
    return Counter([item["id"] async for item in walk(client, size=size)])
