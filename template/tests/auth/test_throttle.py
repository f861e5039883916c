"""The login throttle."""

import asyncio
from collections import Counter

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.settings import SettingsError
from app.models.user import User
from tests.auth.factories import AUTH, credentials, log_in, make_user
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

LOGIN = f"{AUTH}/login"
WRONG = "some other long password"


async def guess(client: AsyncClient, email: str, times: int) -> list[int]:
    return [
        (await client.post(LOGIN, data=credentials(email, WRONG))).status_code for _ in range(times)
    ]


async def test_the_sixth_attempt_in_a_minute_is_limited(anonymous: AsyncClient, user: User) -> None:
    assert await guess(anonymous, user.email, 5) == [401] * 5

    response = await anonymous.post(LOGIN, data=credentials(user.email))

    assert_problem(response, 429, "rate_limited")
    assert 1 <= int(response.headers["retry-after"]) <= 60


async def test_letter_case_does_not_matter(anonymous: AsyncClient, user: User) -> None:
    await guess(anonymous, user.email, 5)

    assert await guess(anonymous, user.email.upper(), 1) == [429]


async def test_other_accounts_and_addresses_are_not_limited(
    app: FastAPI, anonymous: AsyncClient, session: AsyncSession, user: User
) -> None:
    await guess(anonymous, user.email, 6)

    assert await log_in(anonymous, (await make_user(session)).email)
    async with connect(app, address="192.0.2.1") as elsewhere:
        assert await log_in(elsewhere, user.email)


async def test_a_success_resets_the_count(anonymous: AsyncClient, user: User) -> None:
    for _ in range(3):
        await guess(anonymous, user.email, 4)

        assert await log_in(anonymous, user.email)


async def test_frequent_logins_are_not_limited(anonymous: AsyncClient, user: User) -> None:
    for _ in range(12):
        assert await log_in(anonymous, user.email)


async def test_parallel_guesses_are_counted(app: FastAPI, user: User) -> None:
    async with connect(app, address="192.0.2.2") as client:
        guesses = await asyncio.gather(*(guess(client, user.email, 1) for _ in range(50)))

    statuses = Counter(status for [status] in guesses)
    assert statuses.keys() <= {401, 429}
    assert 1 <= statuses[401] <= 5


async def test_failures_of_one_address_are_limited(make_app: MakeApp) -> None:
    async with connect(await make_app(RATE_LIMIT_LOGIN="1/minute")) as client:
        names = [f"unknown{number}@example.com" for number in range(11)]
        statuses = [(await guess(client, name, 1))[0] for name in names]

    assert statuses == [401] * 10 + [429]


async def test_failures_on_one_account_are_limited(make_app: MakeApp, user: User) -> None:
    app = await make_app(RATE_LIMIT_LOGIN="1/minute")
    statuses = []
    for number in range(11):
        async with connect(app, address=f"192.0.2.{number}") as client:
            statuses += await guess(client, user.email, 1)

    assert statuses == [401] * 10 + [429]


async def test_a_setting_changes_the_rate(make_app: MakeApp) -> None:
    async with connect(await make_app(RATE_LIMIT_LOGIN="2/hour")) as client:
        assert await guess(client, "unknown@example.com", 2) == [401, 401]
        response = await client.post(LOGIN, data=credentials("unknown@example.com"))

    assert response.status_code == 429
    assert 3000 < int(response.headers["retry-after"]) <= 3600


async def test_an_invalid_rate_is_refused_at_startup(make_app: MakeApp) -> None:
    with pytest.raises(SettingsError, match="RATE_LIMIT_LOGIN"):
        await make_app(RATE_LIMIT_LOGIN="often")


async def test_an_ipv6_network_counts_as_one_address(app: FastAPI, user: User) -> None:
    statuses = []
    for host in ("2001:db8:ffff:2::1", "2001:db8:ffff:2::2", "2001:db8:ffff:2:ffff::1"):
        async with connect(app, address=host) as client:
            statuses += await guess(client, user.email, 2)

    assert statuses == [401] * 5 + [429]
    async with connect(app, address="2001:db8:ffff:3::1") as neighbour:
        assert await log_in(neighbour, user.email)


async def test_ipv4_mapped_addresses_count_separately(app: FastAPI, user: User) -> None:
    async with connect(app, address="::ffff:192.0.2.1") as client:
        assert await guess(client, user.email, 6) == [401] * 5 + [429]

    async with connect(app, address="192.0.2.1") as same:
        assert await guess(same, user.email, 1) == [429]
    async with connect(app, address="::ffff:192.0.2.2") as other:
        assert await log_in(other, user.email)


async def test_reset_mails_count_by_network_too(app: FastAPI, user: User) -> None:
    statuses = []
    for number in range(6):
        async with connect(app, address=f"2001:db8:5:6:{number}::1") as client:
            response = await client.post(f"{AUTH}/password/forgot", json={"email": user.email})
            statuses.append(response.status_code)

    assert statuses == [202] * 5 + [429]
