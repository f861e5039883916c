"""The queries that every table has."""

from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.pagination import PageQuery
from app.db.base import utc_now
from app.db.session import Database
from app.models.item import Item
from app.repositories.base import page_statement
from app.repositories.item import ItemRepository
from tests.factories import make_item

ORDERS = ItemRepository.sortable


@pytest.mark.parametrize("sort", ["version", "-description", "", "name DESC"])
async def test_only_sortable_columns_can_be_sorted_by(session: AsyncSession, sort: str) -> None:
    with pytest.raises(ValueError, match="Item is not sorted by"):
        await ItemRepository(session).page(PageQuery(), sort)


@pytest.mark.parametrize("sort", [*ORDERS, *(f"-{name}" for name in ORDERS)])
async def test_a_page_is_one_part_of_the_rows_in_order(
    database: Database, session: AsyncSession, sort: str
) -> None:
    items = [
        await make_item(session, name=f"Cup {number}", price=Decimal(number % 3), stock=number % 2)
        for number in (2, 1, 3, 5, 4)
    ]
    name = sort.removeprefix("-")
    items.sort(key=lambda item: (getattr(item, name), item.id), reverse=sort.startswith("-"))

    for number, where in ((1, []), (2, []), (1, [Item.stock == 1]), (2, [Item.stock == 1])):
        matching = [item.id for item in items if not where or item.stock == 1]
        query = PageQuery(page=number, size=2)
        found = await ItemRepository(session).page(query, sort, where)
        assert found.total == len(matching)
        assert [row.id for row in found.rows] == matching[query.offset : query.offset + 2]


def test_the_statement_of_a_page_is_made_once() -> None:
    first = page_statement(ItemRepository, "name")

    assert page_statement(ItemRepository, "name") is first
    assert page_statement(ItemRepository, "-name") is not first


async def test_an_inserted_row_is_as_it_is_stored(
    database: Database, session: AsyncSession
) -> None:
    values = {"name": "Cup", "price": Decimal("1.50"), "description": None}

    row = await ItemRepository(session).create(values)

    stored = (await session.execute(select(*Item.__table__.columns))).one()
    assert row == stored
    assert values.items() <= row._mapping.items()
    assert (row.stock, row.version, row.created_at <= utc_now()) == (0, 1, True)
