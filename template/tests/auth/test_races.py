"""What another transaction commits while a request is on its way, and waits for it."""

import asyncio

import pytest
from httpx2 import AsyncClient
from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import UpdateBase

from app.db.base import utc_now
from app.db.session import Database
from app.models.auth import LoginSession, RefreshToken
from app.models.user import User
from tests.auth.factories import (
    AUTH,
    ME,
    NEW_PASSWORD,
    PASSWORD,
    USERS,
    credentials,
    log_in,
    make_user,
)
from tests.auth.mails import register
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem
from tests.transactions import send_before_commit

NEW_HASH = f"$argon2id$v=19$m=8,t=1,p=1${'A' * 22}${'A' * 43}"  # of another password


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


# A password that is changed, a user that is disabled, and one that is deleted.
CHANGES = [
    update(User).values(password_hash=NEW_HASH),
    update(User).values(is_active=False),
    delete(User),
]


@pytest.mark.parametrize("change", CHANGES)
async def test_an_account_that_is_changed_while_the_password_is_verified_is_not_logged_in(
    make_app: MakeApp, user: User, session: AsyncSession, database: Database, change: UpdateBase
) -> None:
    app = await make_app(PASSWORD_HASH_ITERATIONS="2")  # the password would be hashed again

    async with connect(app) as client, database.transactions() as other:
        await other.execute(change)
        login = client.post(f"{AUTH}/login", data=credentials(user.email))
        response = await send_before_commit(login, other)

    assert_problem(response, 401, "invalid_credentials")
    hashes = set(await session.scalars(select(User.password_hash)))
    assert hashes <= {NEW_HASH, user.password_hash}


@pytest.mark.parametrize("change", CHANGES)
async def test_an_account_that_is_changed_after_that_is_not_logged_in(
    make_app: MakeApp,
    user: User,
    session: AsyncSession,
    database: Database,
    change: UpdateBase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = await make_app()

    async def change_account(*_: str) -> None:
        async with database.transactions.begin() as other:
            await other.execute(change)

    # The last step before the session is opened.
    monkeypatch.setattr(app.state.auth.login_throttle, "reset", change_account)
    async with connect(app) as client:
        response = await client.post(f"{AUTH}/login", data=credentials(user.email))

    assert_problem(response, 401, "invalid_credentials")
    assert await session.scalar(select(func.count()).select_from(LoginSession)) == 0


@pytest.mark.parametrize("own", [False, True])
async def test_an_account_that_is_deleted_meanwhile_is_not_changed(
    client: AsyncClient, user_client: AsyncClient, user: User, database: Database, own: bool
) -> None:
    async with database.transactions() as other:
        await other.execute(delete(User).where(User.id == user.id))
        path, caller = (ME, user_client) if own else (f"{USERS}/{user.id}", client)
        response = await send_before_commit(caller.patch(path, json={"full_name": "Ada"}), other)

    assert_problem(response, *((401, "token_revoked") if own else (404, "not_found")))


async def test_disabling_an_account_waits_for_a_reset_of_its_password(
    client: AsyncClient, user_client: AsyncClient, user: User, database: Database
) -> None:
    # What the reset locks next: the request must not have locked it before.
    ended = update(LoginSession).where(LoginSession.user_id == user.id)
    async with database.transactions() as other:
        await other.execute(update(User).where(User.id == user.id).values(password_hash=NEW_HASH))
        request = client.patch(f"{USERS}/{user.id}", json={"is_active": False})
        response = await send_before_commit(request, other, ended.values(revoked_at=utc_now()))

    assert (response.status_code, response.json()["is_active"]) == (200, False)
    assert_problem(await user_client.get(ME), 401, "token_revoked")


async def test_a_refresh_waits_for_the_deletion_of_its_session(
    anonymous: AsyncClient, user: User, database: Database
) -> None:
    tokens = await log_in(anonymous, user.email)
    async with database.transactions() as other:
        await other.execute(update(LoginSession).values(revoked_at=utc_now()))
        body = {"refresh_token": tokens["refresh_token"]}
        request = anonymous.post(f"{AUTH}/refresh", json=body)
        response = await send_before_commit(request, other, delete(RefreshToken))

    assert_problem(response, 401, "refresh_token_invalid")


async def test_an_address_that_is_changed_meanwhile_needs_the_password(
    user_client: AsyncClient, user: User, session: AsyncSession, database: Database
) -> None:
    async with database.transactions() as other:
        await other.execute(update(User).where(User.id == user.id).values(email="new@example.com"))
        request = user_client.patch(ME, json={"email": user.email})
        response = await send_before_commit(request, other)

    assert_problem(response, 422, "incorrect_password")
    assert await session.scalar(select(User.email)) == "new@example.com"


async def test_parallel_logins_that_hash_the_password_anew_succeed(
    make_app: MakeApp, user: User
) -> None:
    app = await make_app(PASSWORD_HASH_ITERATIONS="2")

    async with connect(app) as client:
        logins = await asyncio.gather(*(log_in(client, user.email) for _ in range(4)))

    assert len({tokens["refresh_token"] for tokens in logins}) == 4
