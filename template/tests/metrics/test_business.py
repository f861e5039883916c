"""The metric of users: it is incremented after the commit."""

from httpx2 import AsyncClient

from app.db.session import Database
from tests.metrics.scrape import scrape
from tests.transactions import failing_commits

USERS = "users_registered_total"
ACCOUNT = {"email": "ada@example.com", "password": "correct horse battery"}


async def test_it_exists_from_the_start(anonymous: AsyncClient) -> None:
    assert USERS in (await scrape(anonymous)).names()


async def test_an_account_is_counted_when_it_is_committed(
    client: AsyncClient, database: Database
) -> None:
    before = (await scrape(client)).value(USERS)

    with failing_commits(database.engine):
        failed = await client.post("/api/v1/auth/register", json=ACCOUNT)
    between = (await scrape(client)).value(USERS)
    done = [await client.post("/api/v1/auth/register", json=ACCOUNT) for _ in range(2)]

    assert [answer.status_code for answer in (failed, *done)] == [500, 201, 409]
    assert (between - before, (await scrape(client)).value(USERS) - before) == (0, 1)
