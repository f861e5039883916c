"""The queries that every table has."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.pagination import PageQuery
from app.repositories.item import ItemRepository


@pytest.mark.parametrize("sort", ["version", "-description", "", "name DESC"])
async def test_only_sortable_columns_can_be_sorted_by(session: AsyncSession, sort: str) -> None:
    with pytest.raises(ValueError, match="Item is not sorted by"):
        await ItemRepository(session).page(PageQuery(), sort)
