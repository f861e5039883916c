"""Reading rows without the work of a session."""

import asyncio

from sqlalchemy import literal, select

from app.db.session import Database, fetch
from dev.resource.blueprint.model import Specimen
from tests.blueprint.factories import SPECIMENS
from tests.blueprint.rows import add_specimen
from tests.clients import connect
from tests.conftest import MakeApp

ONE = select(literal(1))
NAMES = select(Specimen.name).order_by(Specimen.name)


async def test_a_reading_session_is_not_used(database: Database) -> None:
    async with database.reads() as session:
        await add_specimen(session, name="Cup")
        await session.close()

        rows = await fetch(session, NAMES)

        assert [row.name for row in rows] == ["Cup"]
        assert not session.in_transaction()
        assert database.engine.pool.checkedout() == 0  # ty: ignore[missing-attribute]


async def test_a_request_that_has_a_connection_needs_no_second_one(make_app: MakeApp) -> None:
    app = await make_app(DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0", DB_POOL_TIMEOUT="0.2")
    async with app.state.database.reads() as session:
        await session.execute(ONE)

        assert (await fetch(session, ONE))[0][0] == 1


async def test_a_transaction_sees_its_own_rows(database: Database) -> None:
    async with database.transactions() as session:
        session.add(Specimen(name="Cup", price=1))
        await session.flush()

        assert [row.name for row in await fetch(session, NAMES)] == ["Cup"]
        async with database.reads() as other:
            assert await fetch(other, NAMES) == []


async def test_many_requests_share_one_connection(
    make_app: MakeApp, credentials: dict[str, str]
) -> None:
    app = await make_app(DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0", DB_POOL_TIMEOUT="20")
    async with connect(app, credentials) as client:
        answers = await asyncio.gather(*(client.get(SPECIMENS) for _ in range(20)))

    assert {answer.status_code for answer in answers} == {200}
    assert app.state.database.engine.pool.checkedout() == 0
