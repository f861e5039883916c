"""Run in a rendered project: puts an item into its database, if it has the example."""

import asyncio
from importlib.util import find_spec

from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.db.engine import create_engine


async def main() -> None:
    from app.models.item import Item

    engine = create_engine(Settings.load(), poolclass=NullPool)
    async with AsyncSession(engine) as session:
        session.add(Item(name="Kept", price="1.50"))
        await session.commit()
    await engine.dispose()


if find_spec("app.models.item"):
    asyncio.run(main())
