"""Guesses at the current password by somebody who is logged in, perhaps with a stolen session."""

from collections.abc import Awaitable, Callable

import pytest
from httpx2 import AsyncClient, Response

from app.models.user import User
from tests.auth.factories import AUTH, ME, NEW_PASSWORD, PASSWORD, credentials, log_in
from tests.problems import assert_problem

WRONG = "some other long password"
Guess = Callable[[AsyncClient, str], Awaitable[Response]]


async def change_password(client: AsyncClient, current: str) -> Response:
    body = {"current_password": current, "new_password": NEW_PASSWORD}
    return await client.post(f"{AUTH}/password", json=body)


async def change_email(client: AsyncClient, current: str) -> Response:
    body = {"email": "countess@example.com", "current_password": current}
    return await client.patch(ME, json=body)


ways = pytest.mark.parametrize("guess", [change_password, change_email])


@ways
async def test_the_sixth_guess_in_a_minute_has_to_wait(
    user_client: AsyncClient, guess: Guess
) -> None:
    for _ in range(5):
        assert_problem(await guess(user_client, WRONG), 422, "incorrect_password")

    response = await guess(user_client, PASSWORD)

    assert_problem(response, 429, "rate_limited")
    assert 1 <= int(response.headers["retry-after"]) <= 60


async def test_all_ways_to_guess_count_together(
    anonymous: AsyncClient, user_client: AsyncClient, user: User
) -> None:
    await change_password(user_client, WRONG)
    await change_email(user_client, WRONG)
    for _ in range(3):
        await anonymous.post(f"{AUTH}/login", data=credentials(user.email, WRONG))

    for guess in (change_password, change_email):
        assert_problem(await guess(user_client, PASSWORD), 429, "rate_limited")


@ways
async def test_the_owner_who_mistypes_goes_on(user_client: AsyncClient, guess: Guess) -> None:
    for _ in range(4):
        await guess(user_client, WRONG)

    assert (await guess(user_client, PASSWORD)).is_success


async def test_a_request_without_the_password_is_no_guess(
    anonymous: AsyncClient, user_client: AsyncClient, user: User
) -> None:
    for _ in range(8):
        response = await user_client.patch(ME, json={"email": "countess@example.com"})
        assert_problem(response, 422, "incorrect_password")

    assert await log_in(anonymous, user.email)
