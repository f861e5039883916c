"""The queries that every table has."""

from decimal import Decimal

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.repositories.base import page_statement
from app.schemas.pagination import PageQuery
from dev.resource.blueprint.model import Specimen
from dev.resource.blueprint.repository import SpecimenRepository
from tests.blueprint.factories import make_specimen
from tests.transactions import recorded_statements

ORDERS = ("created_at", "name", "price", "stock")


@pytest.mark.parametrize("sort", ["version", "-version", "", "name DESC"])
async def test_only_sortable_columns_can_be_sorted_by(session: AsyncSession, sort: str) -> None:
    with pytest.raises(ValueError, match="Specimen is not sorted by"):
        await SpecimenRepository(session).page(PageQuery(), sort)


@pytest.mark.parametrize("sort", [*ORDERS, *(f"-{name}" for name in ORDERS)])
async def test_a_page_is_one_part_of_the_rows_in_order(
    client: AsyncClient, session: AsyncSession, sort: str
) -> None:
    for number in (2, 1, 3, 5, 4):
        await make_specimen(client, name=f"Cup {number}", price=number % 3, stock=number % 2)
    rows = list(await session.scalars(select(Specimen)))
    name = sort.removeprefix("-")
    rows.sort(key=lambda row: (getattr(row, name), row.id), reverse=sort.startswith("-"))

    for number, where in ((1, []), (2, []), (1, [Specimen.stock == 1]), (2, [Specimen.stock == 1])):
        matching = [row.id for row in rows if not where or row.stock == 1]
        query = PageQuery(page=number, size=2)
        found = await SpecimenRepository(session).page(query, sort, where)
        assert found.total == len(matching)
        assert [row.id for row in found.rows] == matching[query.offset : query.offset + 2]


async def test_a_created_row_is_one_of_the_session(database: Database) -> None:
    async with database.transactions() as session:
        specimens = SpecimenRepository(session)
        with recorded_statements(database.engine) as statements:
            cup = await specimens.create({"name": "Cup", "price": Decimal("9.90")})
        assert [text.split()[0] for text in statements] == ["INSERT"]
        assert (cup.description, cup.price, cup.stock, cup.version) == (None, Decimal("9.90"), 0, 1)
        assert await specimens.get(cup.id) is cup

        cup.stock = 3
        await session.commit()

    async with database.reads() as session:
        stored = await SpecimenRepository(session).get(cup.id)
    assert stored is not None
    assert (stored.stock, stored.version, stored.created_at) == (3, 2, cup.created_at)


async def test_a_created_row_is_undone_with_its_transaction(
    database: Database, session: AsyncSession
) -> None:
    async with database.transactions() as changes:
        stored = (await SpecimenRepository(changes).create({"name": "Cup", "price": 1})).id
        await changes.rollback()

    assert await SpecimenRepository(session).get(stored) is None


def test_the_statement_of_a_page_is_made_once() -> None:
    first = page_statement(SpecimenRepository, "name")

    assert page_statement(SpecimenRepository, "name") is first
    assert page_statement(SpecimenRepository, "-name") is not first
