"""GET /api/v1/items/export: CSV of any size."""

import csv
from decimal import Decimal
from io import StringIO

import pytest
from httpx2 import AsyncClient
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.item import Item
from app.services.export import BATCH
from tests.factories import make_item

EXPORT = "/api/v1/items/export"


async def test_an_export_is_a_csv_file(client: AsyncClient, session: AsyncSession) -> None:
    item = await make_item(session, name='Tea, "green"', description="Two\nlines", price=Decimal(3))

    response = await client.get(EXPORT)

    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == 'attachment; filename="items.csv"'
    [row] = csv.DictReader(StringIO(response.text, newline=""))
    assert (row["id"], row["name"], row["description"]) == (
        str(item.id),
        'Tea, "green"',
        "Two\nlines",
    )
    assert (row["price"], row["stock"]) == ("3.00", "5")
    assert row["created_at"] == item.created_at.isoformat()


async def test_an_empty_export_has_a_header(client: AsyncClient) -> None:
    response = await client.get(EXPORT)

    assert response.text.startswith("id,name,description,price,stock,version,")
    assert response.text.count("\n") == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
async def test_a_cell_is_never_run_as_a_formula(
    client: AsyncClient, session: AsyncSession, start: str
) -> None:
    await make_item(session, name=f"{start}cmd()", description=f"{start}1+1")

    response = await client.get(EXPORT)

    [row] = csv.DictReader(StringIO(response.text, newline=""))
    assert (row["name"], row["description"]) == (f"'{start}cmd()", f"'{start}1+1")


@pytest.mark.parametrize("count", [BATCH, 2 * BATCH + 500])
async def test_every_item_is_exported_once(
    client: AsyncClient, session: AsyncSession, count: int
) -> None:
    rows = [{"name": f"Item {n}", "price": Decimal(1), "stock": 0} for n in range(count)]
    await session.execute(insert(Item), rows)

    response = await client.get(EXPORT)

    exported = [row["name"] for row in csv.DictReader(StringIO(response.text))]
    assert sorted(exported) == sorted(row["name"] for row in rows)
