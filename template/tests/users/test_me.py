"""GET and PATCH /api/v1/users/me."""

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.models.user import User
from tests.auth.factories import ME, PASSWORD, USERS, make_user
from tests.problems import assert_problem
from tests.transactions import recorded_statements

NEW_EMAIL = "countess@example.com"


async def test_an_account_can_be_read_by_its_owner(user_client: AsyncClient, user: User) -> None:
    response = await user_client.get(ME)

    assert response.json().keys() - {"roles", "permissions"} == {
        *("id", "email", "email_verified", "pending_email", "full_name"),
        *("is_active", "is_superuser", "created_at", "updated_at"),
    }
    assert response.json()["id"] == str(user.id)
    assert response.headers["cache-control"] == "no-store"
    assert (await user_client.get(f"{USERS}/{user.id}")).json() == response.json()


async def test_an_account_is_read_with_one_query(
    user_client: AsyncClient, database: Database
) -> None:
    with recorded_statements(database.engine) as statements:
        await user_client.get(ME)

    assert len(statements) == 1


@pytest.mark.parametrize("name", ["Ada Lovelace", "Ада", None])
async def test_the_name_can_be_changed_and_removed(
    user_client: AsyncClient, name: str | None
) -> None:
    before = (await user_client.patch(ME, json={"full_name": "Ada"})).json()

    response = await user_client.patch(ME, json={"full_name": name})

    assert response.status_code == 200
    assert response.json()["full_name"] == name
    assert response.json()["updated_at"] > before["updated_at"]
    assert (await user_client.get(ME)).json() == response.json()


async def test_fields_that_are_not_sent_do_not_change(user_client: AsyncClient) -> None:
    before = (await user_client.patch(ME, json={"full_name": "Ada"})).json()

    assert (await user_client.patch(ME, json={})).json() == before


@pytest.mark.parametrize("given", [{}, {"current_password": "wrong"}, {"current_password": None}])
async def test_without_the_password_nothing_changes(
    user_client: AsyncClient, user: User, given: dict[str, str | None]
) -> None:
    response = await user_client.patch(ME, json={"email": NEW_EMAIL, "full_name": "Eve", **given})

    assert_problem(response, 422, "incorrect_password")
    me = (await user_client.get(ME)).json()
    assert (me["email"], me["pending_email"], me["full_name"]) == (user.email, None, None)


async def test_the_same_email_needs_no_password(user_client: AsyncClient, user: User) -> None:
    response = await user_client.patch(ME, json={"email": user.email.upper()})

    assert response.json()["email"] == user.email


async def test_the_email_of_another_account_is_taken(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    other = await make_user(session)

    body = {"email": other.email.upper(), "current_password": PASSWORD}

    assert_problem(await user_client.patch(ME, json=body), 409, "email_taken")


@pytest.mark.parametrize(
    "change",
    [
        {"is_superuser": True},
        {"is_active": False},
        {"password": "another quiet password"},
        {"password_hash": "x"},
        {"email": None},
        {"email": "ada"},
        {"full_name": ""},
        {"full_name": "a\x00"},
    ],
    ids=str,
)
async def test_nothing_else_can_be_changed(
    user_client: AsyncClient, change: dict[str, object]
) -> None:
    before = (await user_client.get(ME)).json()

    assert_problem(await user_client.patch(ME, json=change), 422, "validation_error")

    assert (await user_client.get(ME)).json() == before
