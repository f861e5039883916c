"""Run in a rendered project: puts an item into its database."""

import asyncio

from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.db.engine import create_engine
from app.models.item import Item


async def main() -> None:
    engine = create_engine(Settings.load(), poolclass=NullPool)
    async with AsyncSession(engine) as session:
        session.add(Item(name="Kept", price="1.50"))
        await session.commit()
    await engine.dispose()


asyncio.run(main())
