"""A key counts as its user."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.models.api_key import ApiKey
from app.models.user import User
from app.services.api_key import key_prefix, new_key
from tests.api_keys.factories import make_key
from tests.auth.factories import ME, authorization, bearer
from tests.clients import connect
from tests.conftest import MakeApp
from tests.databases import lost
from tests.problems import assert_problem
from tests.transactions import recorded_statements


@pytest.fixture(params=["redis", "process"])
async def limited(request: pytest.FixtureRequest, make_app: MakeApp, redis_url: str) -> FastAPI:
    """An app that allows three requests a minute, once with Redis and once without."""
    url = redis_url if request.param == "redis" else ""
    return await make_app(RATE_LIMIT_DEFAULT="3/minute", REDIS_URL=url)


async def ask(app: FastAPI, headers: dict[str, str], times: int, address: str) -> list[int]:
    async with connect(app, headers, address) as client:
        return [(await client.get(ME)).status_code for _ in range(times)]


async def test_the_keys_and_sessions_of_a_user_share_a_limit(
    limited: FastAPI, session: AsyncSession, user: User
) -> None:
    one, another = [authorization((await make_key(session, user))[1]) for _ in range(2)]
    login = await bearer(limited, session, user)

    assert await ask(limited, one, 1, "192.0.2.1") == [200]
    assert await ask(limited, login, 1, "192.0.2.2") == [200]
    assert await ask(limited, another, 2, "192.0.2.3") == [200, 429]
    assert await ask(limited, {}, 1, "192.0.2.3") == [401]


async def test_an_unknown_key_counts_as_the_address(
    limited: FastAPI, session: AsyncSession, user: User
) -> None:
    """Or a user's limit could be used up with its id, or with a key that was deleted."""
    row, key = await make_key(session, user)
    guesses = [new_key(row.prefix), new_key(key_prefix(user.id)), key]

    await session.execute(delete(ApiKey))
    for guess in guesses:
        assert await ask(limited, authorization(guess), 1, "192.0.2.1") == [401]

    assert await ask(limited, authorization(key), 1, "192.0.2.1") == [429]
    assert await ask(limited, await bearer(limited, session, user), 3, "192.0.2.2") == [200] * 3


async def test_a_key_is_looked_up_once_a_request(
    limited: FastAPI, session: AsyncSession, user: User
) -> None:
    headers = authorization((await make_key(session, user))[1])
    database: Database = limited.state.database

    with recorded_statements(database.engine) as statements:
        assert await ask(limited, headers, 4, "192.0.2.1") == [200, 200, 200, 429]

    assert len(statements) == 4


async def test_without_the_database_a_key_is_looked_up_once_too(
    make_app: MakeApp,
    session: AsyncSession,
    user: User,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    headers = authorization((await make_key(session, user))[1])
    app = await make_app(DATABASE_URL=lost(tmp_path))
    capfd.readouterr()

    async with connect(app, headers) as client:
        response = await client.get(ME)

    assert_problem(response, 503, "dependency_unavailable")
    assert response.headers["ratelimit-policy"]
    assert capfd.readouterr().out.count('"event": "database_unavailable"') == 1
