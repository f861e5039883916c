"""What another transaction commits while a request is on its way, and waits for it."""

import asyncio
from collections.abc import Awaitable

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.models.auth import LoginSession
from app.models.user import User
from tests.auth.factories import AUTH, ME, NEW_PASSWORD, PASSWORD, log_in, make_user
from tests.auth.mails import register
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

# Until the request waits for the lock of the other transaction.
A_MOMENT = 0.3
NEW_HASH = "the hash of another password"


async def send_before_commit(request: Awaitable[Response], other: AsyncSession) -> Response:
    """Send a request; commit the other transaction when the request waits for it."""
    sent = asyncio.ensure_future(request)
    await asyncio.sleep(A_MOMENT)
    await other.commit()
    return await sent


async def test_a_registration_changes_no_account_that_is_verified_meanwhile(
    make_app: MakeApp, session: AsyncSession, database: Database
) -> None:
    user = await make_user(session, email_verified=False)
    app = await make_app(EMAIL_VERIFICATION="required")

    async with connect(app) as client, database.transactions() as other:
        await register(client, "first@example.com", NEW_PASSWORD)  # the first one imports
        await other.execute(update(User).where(User.id == user.id).values(email_verified=True))
        request = register(client, user.email, NEW_PASSWORD)
        response = await send_before_commit(request, other)

        assert response.status_code == 202
        assert await log_in(client, user.email, PASSWORD)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", f"{AUTH}/password", {"new_password": NEW_PASSWORD}),
        ("PATCH", ME, {"email": "thief@example.com"}),
        ("DELETE", ME, {}),
    ],
)
async def test_a_session_that_a_reset_of_the_password_ends_meanwhile_changes_nothing(
    user_client: AsyncClient,
    user: User,
    session: AsyncSession,
    database: Database,
    method: str,
    path: str,
    body: dict[str, str],
) -> None:
    async with database.transactions() as other:
        await other.execute(update(User).values(password_hash=NEW_HASH))
        await other.execute(update(LoginSession).values(revoked_at=LoginSession.created_at))
        request = user_client.request(method, path, json=body | {"current_password": PASSWORD})
        response = await send_before_commit(request, other)

    assert_problem(response, 401, "token_revoked")
    found = await session.get(User, user.id, populate_existing=True)
    assert found is not None
    assert (found.password_hash, found.pending_email) == (NEW_HASH, None)
