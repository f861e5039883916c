"""SQLite: transactions, types and locks."""

import asyncio
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.database_url import parse_database_url
from app.db.migrations import upgrade
from app.db.session import Database
from dev.resource.blueprint.model import Specimen
from tests.blueprint.mount import create_table
from tests.blueprint.rows import add_specimen
from tests.clients import connect
from tests.conftest import Authorize, MakeApp
from tests.problems import assert_problem


@pytest.mark.parametrize(
    ("pragma", "value"), [("foreign_keys", 1), ("journal_mode", "wal"), ("synchronous", 1)]
)
async def test_a_connection_has_its_pragmas(
    session: AsyncSession, pragma: str, value: object
) -> None:
    assert await session.scalar(text(f"PRAGMA {pragma}")) == value


async def test_decimals_stay_exact(session: AsyncSession) -> None:
    for price in ("0.10", "0.20", "9999999999.99"):
        await add_specimen(session, price=Decimal(price))

    assert await session.scalar(select(func.sum(Specimen.price))) == Decimal("10000000000.29")
    assert await session.scalar(select(Specimen.name).where(Specimen.price == Decimal("0.10")))


async def test_times_keep_their_zone(session: AsyncSession) -> None:
    specimen = await add_specimen(session)
    made = specimen.created_at

    await session.refresh(specimen)

    assert specimen.created_at == made
    assert specimen.created_at.tzinfo is not None


async def test_readers_do_not_wait_for_a_writer(client: AsyncClient, database: Database) -> None:
    async with database.transactions() as writer:
        await writer.execute(text("SELECT 1"))  # takes the write lock

        response = await asyncio.wait_for(client.get("/api/v1/specimens"), 30)

    assert response.status_code == 200


async def test_a_busy_database_is_a_503_and_then_serves_again(
    make_app: MakeApp, authorize: Authorize, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'test.db'}")
    await asyncio.to_thread(upgrade)
    await create_table()
    app = await make_app()
    async with connect(app, await authorize(app)) as client:
        blocker = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        body = {"name": "Teapot", "price": "24.90"}
        refused = await asyncio.wait_for(client.post("/api/v1/specimens", json=body), 30)
        blocker.close()

        assert_problem(refused, 503, "dependency_unavailable")
        assert (await client.post("/api/v1/specimens", json=body)).status_code == 201


@pytest.mark.parametrize(
    "value",
    ["sqlite://", "sqlite://app.db", "sqlite:///:memory:", "sqlite:///a.db?sslmode=require"],
)
def test_a_url_that_names_no_file_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"must name a file|does not read: sslmode"):
        parse_database_url(value)
