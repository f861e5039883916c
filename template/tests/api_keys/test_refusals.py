"""What a key does not open: logins, sessions, keys, and changes of the account."""

import re

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import main
from app.models.api_key import ApiKey
from app.models.user import User
from tests.auth.factories import ME, USERS
from tests.examples import prepare, send
from tests.problems import assert_problem
from tests.routes import Operation, operations

BELOW_AUTH = re.compile("/api/v1/auth/")
# An account's own; the id may be that of the key's user.
OF_THE_ACCOUNT = re.compile(r"/api/v1/users/(me|{user_id})(/|$)")
NEEDING_A_USER = [one for one in operations(main.app) if one.document["security"]]


def refuses_keys(operation: Operation) -> bool:
    """Whether a key of the user itself must be refused."""
    if BELOW_AUTH.match(operation.path):
        return True
    account = OF_THE_ACCOUNT.match(operation.path)
    return bool(account) and (operation.method != "GET" or operation.path not in READABLE)


READABLE = {ME, f"{USERS}/{{user_id}}"}
REFUSING = [pytest.param(one, id=one.id) for one in NEEDING_A_USER if refuses_keys(one)]
OTHERS = [pytest.param(one, id=one.id) for one in NEEDING_A_USER if not refuses_keys(one)]


def test_the_operations_that_refuse_keys_are_found() -> None:
    names = {one.id for one in NEEDING_A_USER if refuses_keys(one)}

    assert names >= {"logout", "change_password", "update_me", "update_user", "delete_user"}
    assert names >= {"list_api_keys", "create_api_key", "delete_api_key"}
    assert names.isdisjoint({"get_me", "get_user", "list_users", "create_user"})


@pytest.mark.parametrize("operation", REFUSING)
async def test_a_key_is_refused(
    operation: Operation, key_client: AsyncClient, session: AsyncSession, user: User
) -> None:
    before = await state(session)
    call = {"path": {"user_id": user.id}, "json": {"is_superuser": True, "name": "x"}}

    response = await key_client.request(
        operation.method, operation.url(call["path"]), json=call["json"]
    )

    assert_problem(response, 403, "api_key_not_allowed")
    assert 403 in operation.statuses
    assert await state(session) == before


@pytest.mark.parametrize("operation", OTHERS)
async def test_a_superusers_key_opens_what_is_not_of_its_account(
    operation: Operation, client: AsyncClient, admin_key_client: AsyncClient, session: AsyncSession
) -> None:
    call = await prepare(operation, admin_key_client, session)

    response = await send(admin_key_client, operation, call)

    assert response.is_success, response.text


async def test_a_superusers_key_changes_the_accounts_of_others(
    admin_key_client: AsyncClient, user: User
) -> None:
    account = f"{USERS}/{user.id}"

    changed = await admin_key_client.patch(account, json={"full_name": "Ada"})

    assert changed.json()["full_name"] == "Ada"
    assert (await admin_key_client.delete(account)).status_code == 204


async def state(session: AsyncSession) -> list[object]:
    """What a refused request must not change."""
    users = (await session.execute(select(*User.__table__.columns).order_by(User.id))).all()
    return [*users, await session.scalar(select(func.count()).select_from(ApiKey))]
