"""GET /api/v1/items/export: CSV of any size."""

import csv
import re
from codecs import BOM_UTF8 as BOM
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.item import Item
from app.services.item_export import BATCH_SIZE
from tests.conftest import MakeClient
from tests.databases import lost
from tests.factories import make_item
from tests.problems import assert_problem

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


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＠", " ="])
async def test_a_cell_is_never_run_as_a_formula(
    client: AsyncClient, session: AsyncSession, start: str
) -> None:
    await make_item(session, name=f"{start}cmd()", description=f"{start}1+1")

    response = await client.get(EXPORT)

    [row] = csv.DictReader(StringIO(response.text, newline=""))
    assert (row["name"], row["description"]) == (f"'{start}cmd()", f"'{start}1+1")


@pytest.mark.parametrize(
    "text",
    [
        *("x;=1+1", "x;; @SUM(1)", "x\t=1+1", "x\n-1+1", "x;\r\n＝1"),
        *('x;"=1+1;y', 'x\t"@SUM(1)', 'x; "" +1'),
    ],
)
async def test_no_cell_is_found_within_a_cell(
    client: AsyncClient, session: AsyncSession, text: str
) -> None:
    await make_item(session, name="Tea", description=text)

    response = await client.get(EXPORT)

    # As a program reads them that takes these for separators, with quotes or without.
    cells = [cell.strip(' "') for cell in re.split(r"[;\t\r\n]", response.text)]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "＝"))]


@pytest.mark.parametrize("text", ["3 - 1 = 2", "a;b", "tea@shop.example", "x\ny", "1,-2"])
async def test_text_that_is_not_a_formula_is_not_escaped(
    client: AsyncClient, session: AsyncSession, text: str
) -> None:
    await make_item(session, name=text)

    [row] = csv.DictReader(StringIO((await client.get(EXPORT)).text, newline=""))

    assert row["name"] == text


@pytest.mark.parametrize(("query", "mark"), [("", b""), ("?bom=false", b""), ("?bom=true", BOM)])
async def test_the_byte_order_mark_is_optional(
    client: AsyncClient, session: AsyncSession, query: str, mark: bytes
) -> None:
    await make_item(session, name="Früchtetee ☕")

    content = (await client.get(f"{EXPORT}{query}")).content

    assert content.startswith(mark + b"id,name,")
    assert content.count(BOM) == len(mark) / 3


@pytest.mark.parametrize("count", [BATCH_SIZE, 2 * BATCH_SIZE + 500])
async def test_every_item_is_exported_once(
    client: AsyncClient, session: AsyncSession, count: int
) -> None:
    rows = [{"name": f"Item {n}", "price": Decimal(1), "stock": 0} for n in range(count)]
    await session.execute(insert(Item), rows)

    response = await client.get(EXPORT)

    exported = [row["name"] for row in csv.DictReader(StringIO(response.text))]
    assert sorted(exported) == sorted(row["name"] for row in rows)


async def test_an_export_without_the_database_is_a_503(
    make_client: MakeClient, tmp_path: Path
) -> None:
    client = await make_client(DATABASE_URL=lost(tmp_path))

    response = await client.get(EXPORT)

    assert_problem(response, 503, "dependency_unavailable")
