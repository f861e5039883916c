"""PgBouncer in transaction mode: each transaction gets another connection."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import URL, make_url, text

from app.cli import main
from dev.migrations import check
from tests.blueprint.factories import SPECIMENS
from tests.blueprint.mount import create_table
from tests.clients import connect
from tests.conftest import MakeApp
from tests.databases import empty_database
from tests.db.pgbouncer import PGBOUNCER, pgbouncer
from tests.problems import assert_problem

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(not PGBOUNCER, reason="needs PgBouncer: apt-get install pgbouncer"),
]


@pytest.fixture(scope="module")
def pooler(tmp_path_factory: pytest.TempPathFactory) -> Generator[URL]:
    with pgbouncer(tmp_path_factory.mktemp("pgbouncer")) as url:
        yield url


@pytest.fixture(params=["DB_PREPARED_STATEMENTS=false", "pgbouncer=true"])
async def caller(
    pooler: URL, make_app: MakeApp, credentials: dict[str, str], request: pytest.FixtureRequest
) -> AsyncGenerator[AsyncClient]:
    """A client that may do everything, of an app configured for the pooler in either way."""
    name, _, value = request.param.partition("=")
    settings = {name: value}
    if name.islower():  # it is an option of the URL
        pooler, settings = pooler.update_query_dict({name: value}), {}
    url = pooler.update_query_dict({"application_name": "desk"})
    app = await make_app(DATABASE_URL=str(url), DB_POOL_SIZE="20", DB_POOL_TIMEOUT="5", **settings)
    async with connect(app, credentials) as client:
        yield client
    assert await asyncio.gather(*(left_prepared(app) for _ in range(8))) == [0] * 8


async def left_prepared(app: FastAPI) -> int | None:
    """How many statements are prepared on one of the connections behind the pooler."""
    async with app.state.database.engine.connect() as connection:
        await connection.execute(text("SELECT pg_sleep(0.1)"))
        return await connection.scalar(text("SELECT count(*) FROM pg_prepared_statements"))


async def test_many_callers_at_once_read_and_write(caller: AsyncClient) -> None:
    async def work(number: int) -> list[int]:
        body = {"name": f"Specimen {number}", "price": "1.50"}
        made = await caller.post(SPECIMENS, json=body)
        path = f"{SPECIMENS}/{made.json()['id']}"
        changed = await caller.patch(path, json={"stock": number})
        read = await caller.get(path)
        listed = await caller.get(SPECIMENS, params={"q": f"specimen {number}", "sort": "name"})
        assert (read.json()["name"], read.json()["stock"]) == (body["name"], number)
        return [answer.status_code for answer in (made, changed, read, listed)]

    answers = await asyncio.gather(*(work(number) for number in range(60)))

    assert answers == [[201, 200, 200, 200]] * 60


async def test_a_long_list_is_read_during_writes(caller: AsyncClient) -> None:
    bodies = [{"name": f"Specimen {number}", "price": "1"} for number in range(30)]
    await asyncio.gather(*(caller.post(SPECIMENS, json=body) for body in bodies))

    listed, *made = await asyncio.gather(
        caller.get(SPECIMENS, params={"size": 100}),
        *(caller.post(SPECIMENS, json=body | {"name": f"More {body['name']}"}) for body in bodies),
    )

    assert {answer.status_code for answer in made} == {201}
    assert len(listed.json()["items"]) >= 30


async def test_without_the_setting_the_log_names_it(
    pooler: URL, make_app: MakeApp, credentials: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    app = await make_app(DATABASE_URL=str(pooler))
    async with connect(app, credentials) as client:
        refused = await client.get(SPECIMENS)

    assert_problem(refused, 503, "dependency_unavailable")
    assert "DB_PREPARED_STATEMENTS=false" in capfd.readouterr().out


async def test_without_a_pooler_the_setting_works_too(
    make_app: MakeApp, credentials: dict[str, str]
) -> None:
    app = await make_app(DB_PREPARED_STATEMENTS="false")
    async with connect(app, credentials) as client:
        answers = await asyncio.gather(*(client.get(SPECIMENS) for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}


async def test_migrations_pass_through_it(
    pooler: URL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with empty_database(tmp_path) as url:
        behind = pooler.set(database=make_url(url).database)
        monkeypatch.setenv("DATABASE_URL", str(behind))
        monkeypatch.setenv("DB_PREPARED_STATEMENTS", "false")

        assert await asyncio.to_thread(main, ["migrate"]) == 0

        monkeypatch.setenv("DATABASE_URL", url)
        await create_table()
        await asyncio.to_thread(check)
