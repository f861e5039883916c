"""Specimens in the database."""

from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from dev.resource.blueprint.model import Specimen
from tests.blueprint.factories import numbers


async def add_specimen(session: AsyncSession, **fields: Any) -> Specimen:
    """Add a specimen. Its name is new unless given."""
    defaults = {"name": f"Specimen {next(numbers)}", "price": Decimal("9.90"), "stock": 5}
    specimen = Specimen(**defaults | fields)
    session.add(specimen)
    await session.commit()
    return specimen
