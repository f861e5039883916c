"""The connections of one process are limited, and so is the wait for them."""

from sqlalchemy import text

from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

ITEMS = "/api/v1/items"


async def test_an_exhausted_pool_is_a_503_until_a_connection_is_given_back(
    make_app: MakeApp, credentials: dict[str, str]
) -> None:
    app = await make_app(DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0", DB_POOL_TIMEOUT="0.2")
    async with connect(app, credentials) as client:
        async with app.state.database.reads() as session:
            await session.execute(text("SELECT 1"))
            refused = await client.get(ITEMS)

        assert_problem(refused, 503, "dependency_unavailable")
        assert (await client.get(ITEMS)).status_code == 200


async def test_the_health_checks_do_not_queue_for_a_connection(make_app: MakeApp) -> None:
    app = await make_app(DB_POOL_SIZE="1", DB_MAX_OVERFLOW="0")
    async with connect(app) as client, app.state.database.reads() as session:
        await session.execute(text("SELECT 1"))

        assert (await client.get("/health/live")).status_code == 200
        assert (await client.get("/health/ready")).status_code == 200
