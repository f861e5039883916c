"""An account that a required row refers to is not deleted."""

from collections.abc import AsyncGenerator

import pytest
from httpx2 import AsyncClient
from sqlalchemy import Column, ForeignKey, MetaData, Table

from app.db.session import Database
from app.models.user import User
from tests.auth.factories import ME, PASSWORD, USERS
from tests.problems import assert_problem


@pytest.fixture
async def visits(database: Database) -> AsyncGenerator[Table]:
    """A table that refers to users, as `just resource visit visitor:ref(user)` makes one."""
    table = Table("visits", MetaData(), Column("visitor_id", ForeignKey(User.id), nullable=False))
    async with database.engine.begin() as connection:
        await connection.run_sync(table.create)
    yield table
    async with database.engine.begin() as connection:
        await connection.run_sync(table.drop)


@pytest.mark.parametrize("own", [False, True])
async def test_an_account_in_use_stays(
    client: AsyncClient,
    user_client: AsyncClient,
    database: Database,
    user: User,
    visits: Table,
    own: bool,
) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(visits.insert(), {"visitor_id": user.id})

    if own:
        response = await user_client.request("DELETE", ME, json={"current_password": PASSWORD})
    else:
        response = await client.delete(f"{USERS}/{user.id}")

    assert_problem(response, 409, "conflict")
    assert (await client.get(f"{USERS}/{user.id}")).status_code == 200
