"""Example items for `just seed`."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.item import Item
from tests.factories import make_item

NAMES = ("Cup", "Kettle", "Saucer", "Sugar bowl", "Tea towel", "Teapot", "Teaspoon", "Tray")


async def seed(session: AsyncSession) -> str:
    """Add the items whose names are not taken."""
    taken = set(await session.scalars(select(Item.name)))
    added = [await make_item(session, name=name) for name in NAMES if name not in taken]
    return f"Items: {len(added)} added."
