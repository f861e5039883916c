"""The queries that every table has."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.pagination import PageQuery
from dev.resource.blueprint.repository import SpecimenRepository


@pytest.mark.parametrize("sort", ["version", "-version", "", "name DESC"])
async def test_only_sortable_columns_can_be_sorted_by(session: AsyncSession, sort: str) -> None:
    with pytest.raises(ValueError, match="Specimen is not sorted by"):
        await SpecimenRepository(session).page(PageQuery(), sort)
