"""/health: liveness, readiness and details."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import text

from app.core.config import PROJECT
from app.db.migrations import upgrade
from tests.blueprint.factories import SPECIMENS
from tests.clients import connect
from tests.conftest import MakeApp, MakeClient
from tests.databases import empty_database, lost
from tests.problems import assert_problem

pytestmark = pytest.mark.usefixtures("generous_health_checks")


async def test_health_returns_the_version_and_the_time(anonymous: AsyncClient) -> None:
    health = (await anonymous.get("/health")).json()

    assert (health["status"], health["version"]) == ("healthy", PROJECT.version)
    assert datetime.now(UTC) - datetime.fromisoformat(health["timestamp"]) < timedelta(minutes=1)


async def test_a_service_with_its_database_is_ready(anonymous: AsyncClient) -> None:
    response = await anonymous.get("/health/ready")

    readiness = response.json()
    assert (response.status_code, readiness["status"]) == (200, "ready")
    assert readiness["checks"]["database"]["status"] == "ok"
    assert readiness["checks"]["database"]["latency_ms"] > 0
    assert response.headers["cache-control"] == "no-store"


async def test_a_service_without_its_database_is_alive_and_not_ready(
    make_client: MakeClient, tmp_path: Path
) -> None:
    client = await make_client(DATABASE_URL=lost(tmp_path))

    live, ready = await client.get("/health/live"), await client.get("/health/ready")

    assert (live.status_code, live.json()) == (200, {"status": "alive"})
    assert (ready.status_code, ready.json()["status"]) == (503, "not_ready")
    assert ready.json()["checks"]["database"] == {"status": "down", "latency_ms": None}


async def test_a_request_without_the_database_gets_retry_after(
    make_client: MakeClient, tmp_path: Path
) -> None:
    client = await make_client(DATABASE_URL=lost(tmp_path))

    for method in ("GET", "POST"):
        response = await client.request(method, SPECIMENS, json={"name": "Tea", "price": "1"})
        assert_problem(response, 503, "dependency_unavailable")
        assert response.headers["retry-after"] == "5"


async def readiness(app: FastAPI) -> int:
    """The status of the app's readiness."""
    async with connect(app) as client:
        return (await client.get("/health/ready")).status_code


async def test_a_schema_that_lacks_a_migration_is_not_ready(
    make_app: MakeApp, tmp_path: Path
) -> None:
    with empty_database(tmp_path) as url:
        app = await make_app(DATABASE_URL=url)
        without_tables = await readiness(app)
        await asyncio.to_thread(upgrade)
        migrated = await readiness(app)
        async with app.state.database.transactions.begin() as session:
            await session.execute(text("DELETE FROM alembic_version"))
        behind = await readiness(app)

    assert (without_tables, migrated, behind) == (503, 200, 503)


async def test_a_schema_newer_than_the_code_is_ready_during_a_rollout(
    make_app: MakeApp, tmp_path: Path
) -> None:
    with empty_database(tmp_path) as url:
        app = await make_app(DATABASE_URL=url)
        await asyncio.to_thread(upgrade)
        async with app.state.database.transactions.begin() as session:
            await session.execute(text("UPDATE alembic_version SET version_num = 'tomorrow'"))

        assert await readiness(app) == 200


async def test_details_return_what_the_process_uses(client: AsyncClient) -> None:
    details = (await client.get("/health/detailed")).json()

    diagnostics = details["diagnostics"]
    assert (details["status"], details["version"]) == ("ready", PROJECT.version)
    assert diagnostics["pool"]["limit"] == 10
    assert diagnostics["memory_bytes"] > 1_000_000
    assert diagnostics["disk_free_bytes"] > 0
    assert len(diagnostics["load_average"]) == 3


async def test_details_need_credentials(anonymous: AsyncClient) -> None:
    assert_problem(await anonymous.get("/health/detailed"), 401, "not_authenticated")


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
async def test_no_error_text_is_shown(make_client: MakeClient, tmp_path: Path, path: str) -> None:
    client = await make_client(DATABASE_URL=lost(tmp_path))

    response = await client.get(path)

    assert "Error" not in response.text
    assert str(tmp_path) not in response.text
