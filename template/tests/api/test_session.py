"""The request's session: a success is committed, a failure is not."""

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.api.deps import SessionDep
from app.core.exceptions import ConflictError
from app.db.session import Database
from dev.resource.blueprint.model import Specimen
from tests.blueprint.factories import SPECIMENS
from tests.blueprint.rows import add_specimen
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem
from tests.transactions import failing_commits, recorded_checkouts, recorded_statements

TEAPOT = {"name": "Teapot", "price": "24.90"}


class KeptError(ConflictError):
    """An error that commits, as a reused refresh token does."""

    commits = True


async def count(session: AsyncSession) -> int | None:
    return await session.scalar(select(func.count()).select_from(Specimen))


async def test_a_success_can_be_seen_by_the_next_request(client: AsyncClient) -> None:
    for n in range(20):
        created = await client.post(SPECIMENS, json={"name": f"Specimen {n}", "price": "1"})

        assert (await client.get(created.headers["location"])).status_code == 200


async def test_a_commit_that_fails_is_no_success_and_stores_nothing(
    client: AsyncClient, session: AsyncSession, database: Database
) -> None:
    with failing_commits(database.engine):
        response = await client.post(SPECIMENS, json=TEAPOT)

    assert_problem(response, 500, "internal_error")
    assert await count(session) == 0
    assert (await client.post(SPECIMENS, json=TEAPOT)).status_code == 201


async def test_a_write_takes_one_connection_and_inserts_by_one_statement(
    client: AsyncClient, database: Database
) -> None:
    assert (await client.post(SPECIMENS, json={"name": "Cup", "price": "1"})).status_code == 201

    with (
        recorded_statements(database.engine) as statements,
        recorded_checkouts(database.engine) as checkouts,
    ):
        assert (await client.post(SPECIMENS, json=TEAPOT)).status_code == 201

    # With users, the caller is found first.
    assert [text.split()[0] for text in statements][-2:] in (["INSERT"], ["SELECT", "INSERT"])
    assert len(statements) <= 2
    assert len(checkouts) == 1


@pytest.mark.parametrize(
    ("error", "stored"), [(ConflictError, 0), (KeptError, 1), (RuntimeError, 0)]
)
async def test_an_error_undoes_everything_unless_it_commits(
    make_app: MakeApp, session: AsyncSession, error: type[Exception], stored: int
) -> None:
    async def store_and_fail(session: SessionDep) -> None:
        session.add(Specimen(name="Trace", price=1))
        await session.flush()
        raise error

    app: FastAPI = await make_app()
    app.post("/fail")(store_and_fail)
    async with connect(app) as client:
        response = await client.post("/fail")

    assert response.status_code in {409, 500}
    assert await count(session) == stored


async def test_a_change_is_visible_to_the_next_request(
    client: AsyncClient, session: AsyncSession
) -> None:
    specimen = await add_specimen(session)

    for stock in range(5):
        await client.patch(f"{SPECIMENS}/{specimen.id}", json={"stock": stock})

        assert (await client.get(f"{SPECIMENS}/{specimen.id}")).json()["stock"] == stock
