"""When a key was last used, and when it ends with the access of its user."""

import asyncio
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.db.session import Database
from app.main import create_app
from app.models.api_key import ApiKey
from app.models.user import User
from tests.api_keys.factories import make_key
from tests.auth.factories import ME, authorization, make_user
from tests.auth.mails import register
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem
from tests.transactions import recorded_statements

A_SECOND = timedelta(seconds=1)


async def ask(app: FastAPI, key: str) -> Response:
    async with connect(app, authorization(key)) as client:
        return await client.get(ME)


@pytest.mark.parametrize(
    ("before", "written"),
    [(None, True), (timedelta(seconds=61), True), (timedelta(seconds=1), False)],
)
async def test_the_last_use_is_stored_once_a_minute(
    app: FastAPI,
    session: AsyncSession,
    user: User,
    database: Database,
    before: timedelta | None,
    written: bool,
) -> None:
    began = utc_now()
    last_used_at = began - before if before else None
    row, key = await make_key(session, user, last_used_at=last_used_at)

    with recorded_statements(database.engine) as statements:
        answers = [await ask(app, key)]
        await app.state.uses.finish()
        answers += await asyncio.gather(*(ask(app, key) for _ in range(4)))

    assert {answer.status_code for answer in answers} == {200}
    await session.refresh(row)
    assert (row.last_used_at != last_used_at) == written
    assert not written or (row.last_used_at and row.last_used_at >= began)
    assert len([s for s in statements if s.startswith("UPDATE")]) == written


async def test_a_request_does_not_wait_for_its_use_to_be_stored_but_the_shutdown_does(
    session: AsyncSession, user: User, database: Database
) -> None:
    row, key = await make_key(session, user, last_used_at=None)
    other = create_app()

    async with other.router.lifespan_context(other), database.transactions() as lock:
        await lock.execute(update(ApiKey).values(name="locked"))
        response = await asyncio.wait_for(ask(other, key), 2)
        assert other.state.uses.running
        await lock.commit()

    assert response.status_code == 200
    await session.refresh(row)
    assert row.last_used_at


async def test_a_key_ends_when_the_address_is_registered_anew(
    make_app: MakeApp, session: AsyncSession
) -> None:
    squatter = await make_user(session, email_verified=False)
    _, key = await make_key(session, squatter)
    app = await make_app(EMAIL_VERIFICATION="required")

    async with connect(app, authorization(key)) as client:
        assert (await client.get(ME)).status_code == 200
        await register(client, squatter.email)

        assert_problem(await client.get(ME), 401, "token_invalid")
