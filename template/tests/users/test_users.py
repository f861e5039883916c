"""The operations on accounts for superusers."""

from uuid import uuid4

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import ME, PASSWORD, USERS, log_in, make_user
from tests.auth.fixtures import Mailbox
from tests.problems import assert_problem

ADA = {"email": "Ada@example.com", "password": PASSWORD, "full_name": "Ada Lovelace"}


async def emails(client: AsyncClient, **query: str | int) -> list[str]:
    response = await client.get(USERS, params={"sort": "email", **query})
    assert response.status_code == 200, response.text
    return [user["email"] for user in response.json()["items"]]


async def test_accounts_are_listed_in_pages(client: AsyncClient, session: AsyncSession) -> None:
    for number in range(4):
        await make_user(session, email=f"a{number}@example.com")

    response = await client.get(USERS, params={"sort": "email", "size": 2, "page": 2})

    page = response.json()
    assert [user["email"] for user in page.pop("items")] == ["a2@example.com", "a3@example.com"]
    assert page == {"total": 5, "page": 2, "size": 2, "pages": 3, "has_next": True}
    assert "password" not in response.text
    assert response.headers["cache-control"] == "no-store"


async def test_accounts_are_found_by_email_and_name(
    client: AsyncClient, session: AsyncSession
) -> None:
    await make_user(session, email="a_da@example.com")
    await make_user(session, email="eve@example.com", full_name="Ädå 100% Lovelace")

    assert await emails(client, q="A_DA@") == ["a_da@example.com"]
    assert await emails(client, q="ÄDÅ") == ["eve@example.com"]
    assert await emails(client, q="0%") == ["eve@example.com"]
    assert await emails(client, q="a%a") == []


async def test_accounts_are_sorted_both_ways(client: AsyncClient, session: AsyncSession) -> None:
    for email in ("b@example.com", "a@example.com"):
        await make_user(session, email=email)

    assert (await emails(client, sort="email"))[:2] == ["a@example.com", "b@example.com"]
    assert (await emails(client, sort="-created_at"))[:2] == ["a@example.com", "b@example.com"]
    assert (await emails(client, sort="-email"))[-2:] == ["b@example.com", "a@example.com"]
    assert (await emails(client, sort="created_at"))[1:] == ["b@example.com", "a@example.com"]
    refused = await client.get(USERS, params={"sort": "password_hash"})
    assert_problem(refused, 422, "validation_error")


@pytest.mark.parametrize("field", ["is_superuser", "is_active"])
@pytest.mark.parametrize("value", [1, "true", "yes", None])
async def test_only_true_and_false_are_booleans(
    client: AsyncClient, field: str, value: object
) -> None:
    for method, path in (("POST", USERS), ("PATCH", f"{USERS}/{uuid4()}")):
        response = await client.request(method, path, json=ADA | {field: value})

        problem = assert_problem(response, 422, "validation_error")
        assert ["body", field] in [fault["loc"] for fault in problem["errors"]]


async def test_a_superuser_adds_accounts(
    client: AsyncClient, anonymous: AsyncClient, mailbox: Mailbox
) -> None:
    response = await client.post(USERS, json=ADA | {"is_superuser": True})

    assert response.status_code == 201
    assert (await client.get(response.headers["location"])).json() == response.json()
    assert (response.json()["email"], response.json()["is_superuser"]) == ("ada@example.com", True)
    assert await log_in(anonymous, ADA["email"])
    assert await mailbox() == []


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"password": "password1234"}, 422, "password_rejected"),
        ({"email": "TAKEN@example.com"}, 409, "email_taken"),
        ({"id": str(uuid4())}, 422, "validation_error"),
    ],
)
async def test_the_password_policy_holds_for_superusers_too(
    client: AsyncClient, session: AsyncSession, change: dict[str, str], status: int, code: str
) -> None:
    await make_user(session, email="taken@example.com")

    assert_problem(await client.post(USERS, json=ADA | change), status, code)


async def test_a_superuser_changes_accounts(client: AsyncClient, user: User) -> None:
    change = {"full_name": "Ada", "email": "ada@example.com", "is_superuser": True}

    response = await client.patch(f"{USERS}/{user.id}", json=change)

    assert response.status_code == 200
    assert response.json().items() >= change.items()
    assert (await client.get(f"{USERS}/{user.id}")).json() == response.json()
    name = await client.patch(f"{USERS}/{user.id}", json={"full_name": None})
    assert (name.json()["full_name"], name.json()["email"]) == (None, "ada@example.com")


async def test_an_account_cannot_take_the_email_of_another(
    client: AsyncClient, session: AsyncSession, user: User
) -> None:
    other = await make_user(session)

    response = await client.patch(f"{USERS}/{user.id}", json={"email": other.email.upper()})

    assert_problem(response, 409, "email_taken")


async def test_a_deleted_account_is_not_found(client: AsyncClient, user: User) -> None:
    response = await client.delete(f"{USERS}/{user.id}")

    assert (response.status_code, response.content) == (204, b"")
    assert_problem(await client.get(f"{USERS}/{user.id}"), 404, "not_found")
    assert_problem(await client.delete(f"{USERS}/{user.id}"), 404, "not_found")
    assert await emails(client, q=user.email) == []


async def test_a_user_cannot_see_or_change_other_accounts(
    user_client: AsyncClient, session: AsyncSession, user: User
) -> None:
    other = await make_user(session)
    requests = [
        ("GET", USERS, None),
        ("POST", USERS, ADA),
        ("GET", f"{USERS}/{other.id}", None),
        ("GET", f"{USERS}/{uuid4()}", None),
        ("PATCH", f"{USERS}/{other.id}", {"full_name": "Eve"}),
        ("PATCH", f"{USERS}/{user.id}", {"is_superuser": True}),
        ("DELETE", f"{USERS}/{other.id}", None),
    ]

    for method, path, body in requests:
        response = await user_client.request(method, path, json=body)

        assert_problem(response, 403, "permission_denied")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_account_is_not_found(client: AsyncClient, method: str) -> None:
    body = {"full_name": "Ada"} if method == "PATCH" else None

    response = await client.request(method, f"{USERS}/{uuid4()}", json=body)

    assert_problem(response, 404, "not_found")
    assert (await client.get(ME)).status_code == 200
