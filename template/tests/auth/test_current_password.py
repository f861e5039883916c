"""Throttling of the current password, which a stolen session could guess."""

from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import (
    AUTH,
    ME,
    NEW_PASSWORD,
    PASSWORD,
    bearer,
    credentials,
    log_in,
    new_address,
)
from tests.clients import connect
from tests.problems import assert_problem

WRONG = "some other long password"
Guess = Callable[[AsyncClient, str], Awaitable[Response]]


async def change_password(client: AsyncClient, current: str) -> Response:
    body = {"current_password": current, "new_password": NEW_PASSWORD}
    return await client.post(f"{AUTH}/password", json=body)


async def change_email(client: AsyncClient, current: str) -> Response:
    body = {"email": "countess@example.com", "current_password": current}
    return await client.patch(ME, json=body)


@pytest.fixture
async def user_client(
    app: FastAPI, session: AsyncSession, user: User
) -> AsyncGenerator[AsyncClient]:
    """A client of the ordinary user with a new address."""
    headers = await bearer(app, session, user)
    async with connect(app, headers, new_address()) as client:
        yield client


ways = pytest.mark.parametrize("guess", [change_password, change_email])


@ways
async def test_the_sixth_guess_in_a_minute_is_limited(
    user_client: AsyncClient, guess: Guess
) -> None:
    for _ in range(5):
        assert_problem(await guess(user_client, WRONG), 422, "incorrect_password")

    response = await guess(user_client, PASSWORD)

    assert_problem(response, 429, "rate_limited")
    assert 1 <= int(response.headers["retry-after"]) <= 60


async def test_all_ways_to_guess_count_together(user_client: AsyncClient, user: User) -> None:
    await change_password(user_client, WRONG)
    await change_email(user_client, WRONG)
    for _ in range(3):
        await user_client.post(f"{AUTH}/login", data=credentials(user.email, WRONG))

    for guess in (change_password, change_email):
        assert_problem(await guess(user_client, PASSWORD), 429, "rate_limited")


@ways
async def test_a_success_after_a_mistake_resets_the_limit(
    user_client: AsyncClient, guess: Guess
) -> None:
    for _ in range(4):
        await guess(user_client, WRONG)

    assert (await guess(user_client, PASSWORD)).is_success


async def test_a_request_without_the_password_does_not_count(
    user_client: AsyncClient, user: User
) -> None:
    for _ in range(8):
        response = await user_client.patch(ME, json={"email": "countess@example.com"})
        assert_problem(response, 422, "incorrect_password")

    assert await log_in(user_client, user.email)
