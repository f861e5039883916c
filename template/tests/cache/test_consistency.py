"""No stale value is read after the answer to a change."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.cache.read_through import ReadThroughCache
from app.db.session import Database
from tests.blueprint.factories import SPECIMENS
from tests.blueprint.rows import add_specimen
from tests.cache.stores import LateOnce, cache_of
from tests.clients import connect
from tests.conftest import MakeApp, MakeClient
from tests.processes import serving
from tests.transactions import failing_commits

ROUNDS = 3
READS = 50


@asynccontextmanager
async def readers(url: str, *clients: AsyncClient) -> AsyncGenerator[None]:
    """Let each client read in a loop."""
    done = asyncio.Event()

    async def read(client: AsyncClient) -> None:
        while not done.is_set():
            assert (await client.get(url)).status_code == 200

    tasks = [asyncio.create_task(read(client)) for client in clients]
    try:
        yield
    finally:
        done.set()
        await asyncio.gather(*tasks)


async def stocks(url: str, client: AsyncClient) -> set[int]:
    """The stocks that the client reads."""
    return {(await client.get(url)).json()["stock"] for _ in range(READS)}


async def test_after_a_change_no_process_reads_a_stale_value(
    client: AsyncClient, make_client: MakeClient, session: AsyncSession
) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session)).id}"
    other, third = await make_client(), await make_client()

    async with readers(url, client, other, third):
        for stock in range(100, 100 + ROUNDS):
            assert (await client.patch(url, json={"stock": stock})).status_code == 200

            assert await stocks(url, other) | await stocks(url, client) == {stock}


@pytest.mark.process
async def test_another_server_reads_no_stale_value(
    client: AsyncClient, session: AsyncSession, credentials: dict[str, str], tmp_path: Path
) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session)).id}"
    with serving(tmp_path) as service:
        async with AsyncClient(base_url=service.url, headers=credentials) as other:
            for stock in range(100, 100 + ROUNDS):
                await client.patch(url, json={"stock": stock})

                assert await stocks(url, other) == {stock}
            assert (await other.get(url)).headers["x-cache"] == "HIT"


async def test_a_value_loaded_before_a_change_is_not_stored_after_it(
    client: AsyncClient, make_app: MakeApp, credentials: dict[str, str], session: AsyncSession
) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session)).id}"
    late, slow_app = late_once(await make_app())
    async with connect(slow_app, credentials) as slow:
        loading = asyncio.create_task(slow.get(url))
        await asyncio.wait_for(late.reached.wait(), timeout=10)

        await client.patch(url, json={"stock": 100})
        during = await slow.get(url)
        late.late.set()
        before = await loading

        assert (before.json()["stock"], during.json()["stock"]) == (5, 100)
        assert await stocks(url, slow) | await stocks(url, client) == {100}


def late_once(app: FastAPI) -> tuple[LateOnce, FastAPI]:
    """Let the app's cache store its first value late."""
    late = LateOnce(cache_of(app).store)
    app.state.cache = ReadThroughCache(late, 60)
    return late, app


async def test_a_rejected_change_invalidates_nothing(
    client: AsyncClient, session: AsyncSession
) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session)).id}"
    await add_specimen(session, name="Teapot")
    await client.get(url)

    await client.patch(url, json={"name": "Teapot"})
    await client.patch(url, json={"stock": 7}, headers={"If-Match": '"7"'})

    assert (await client.get(url)).headers["x-cache"] == "HIT"


async def test_a_failed_commit_invalidates_nothing(
    client: AsyncClient, session: AsyncSession, database: Database
) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session)).id}"
    await client.get(url)

    with failing_commits(database.engine):
        await client.patch(url, json={"stock": 7})

    response = await client.get(url)
    assert (response.json()["stock"], response.headers["x-cache"]) == (5, "HIT")
