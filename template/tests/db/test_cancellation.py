"""A request that is cancelled, by a client that is gone for example, keeps no connection."""

import asyncio

import pytest
from sqlalchemy import func, literal, select

from app.db.session import Database, fetch
from tests.processes import until


@pytest.mark.parametrize("fetched", [True, False])
async def test_a_cancelled_statement_gives_its_connection_back(
    database: Database, fetched: bool
) -> None:
    pool, sleep = database.engine.pool, select(func.pg_sleep(30))
    for _ in range(3):
        async with database.reads() as session:
            statement = fetch(session, sleep) if fetched else session.execute(sleep)
            sleeping = asyncio.create_task(statement)
            await until(lambda: pool.checkedout() == 1)  # ty: ignore[missing-attribute]
            await asyncio.sleep(0.1)  # the statement has been sent
            sleeping.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sleeping

        assert pool.checkedout() == 0  # ty: ignore[missing-attribute]
        async with database.reads() as session:
            assert (await fetch(session, select(literal(1))))[0][0] == 1
