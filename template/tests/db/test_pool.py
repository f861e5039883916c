"""The pool: its size, its timeout, its order."""

import asyncio

from fastapi import FastAPI
from sqlalchemy import event, text

from tests.blueprint.factories import SPECIMENS
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem


async def test_an_exhausted_pool_is_a_503_until_a_connection_is_returned(
    make_app: MakeApp, credentials: dict[str, str]
) -> None:
    app = await make_app(DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0", DB_POOL_TIMEOUT="0.2")
    async with connect(app, credentials) as client:
        async with app.state.database.reads() as session:
            await session.execute(text("SELECT 1"))
            refused = await client.get(SPECIMENS)

        assert_problem(refused, 503, "dependency_unavailable")
        assert (await client.get(SPECIMENS)).status_code == 200


async def test_the_health_checks_do_not_queue_for_a_connection(make_app: MakeApp) -> None:
    app = await make_app(DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0")
    async with connect(app) as client, app.state.database.reads() as session:
        await session.execute(text("SELECT 1"))

        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200


async def test_waiters_are_served_first_in_first_out(
    make_app: MakeApp,
) -> None:
    app = await make_app(DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0", DB_POOL_TIMEOUT="20")
    engine, served = app.state.database.engine, list[int]()

    async def use(number: int) -> None:
        async with engine.connect():
            served.append(number)

    async with engine.connect():
        waiting = [asyncio.create_task(use(number)) for number in range(9)]
        await asyncio.sleep(0)
    await use(9)  # just when a connection was given back
    await asyncio.gather(*waiting)

    assert served == list(range(10))


async def test_a_waiter_that_times_out_leaks_no_connection(make_app: MakeApp) -> None:
    app = await make_app(DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0", DB_POOL_TIMEOUT="20")
    engine = app.state.database.engine

    async def use() -> None:
        async with engine.connect():
            pass

    async with engine.connect():
        waiting = [asyncio.create_task(use()) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[0].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)

    assert [task.cancelled() for task in waiting] == [True, False, False]
    assert (engine.pool.checkedout(), engine.pool.checkedin()) == (0, 1)


async def test_a_busy_service_opens_no_connection_twice(
    make_app: MakeApp, credentials: dict[str, str]
) -> None:
    app = await make_app()
    opened: list[object] = []
    event.listen(app.state.database.engine.sync_engine, "connect", lambda *new: opened.append(new))
    async with connect(app, credentials) as client:
        for _ in range(5):
            await asyncio.gather(*(client.get(SPECIMENS) for _ in range(30)))

    assert 0 < len(opened) <= app.state.settings.db_pool_size


async def test_the_pool_logs_under_the_name_of_sqlalchemys(app: FastAPI) -> None:
    assert app.state.database.engine.pool.logger.name.startswith("sqlalchemy.")
