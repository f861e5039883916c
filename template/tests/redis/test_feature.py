"""The service with Redis, and without."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pydantic import SecretStr

from app.core.settings import SettingsError
from app.redis.circuit_breaker import RedisBreaker
from app.redis.feature import make_client, redis
from tests.clients import connect
from tests.conftest import MakeApp
from tests.redis.servers import RedisServer


async def readiness(app: FastAPI) -> tuple[int, str, str]:
    """The status code, the status, and the status of Redis."""
    async with connect(app) as client:
        response = await client.get("/health/ready")
    body = response.json()
    return response.status_code, body["status"], body["checks"]["redis"]["status"]


@pytest.mark.usefixtures("generous_health_checks")
async def test_a_service_with_redis_is_ready(anonymous: AsyncClient) -> None:
    body = (await anonymous.get("/health/ready")).json()

    assert body["status"] == "ready"
    assert body["checks"]["redis"]["status"] == "ok"


@pytest.mark.usefixtures("generous_health_checks")
async def test_without_redis_it_is_degraded_and_serves(
    make_app: MakeApp, redis_server: RedisServer
) -> None:
    app = await make_app(REDIS_URL=redis_server.url)
    before = await readiness(app)
    redis_server.stop()
    without = await readiness(app)
    redis_server.restart()
    after = await readiness(app)

    assert before == after == (200, "ready", "ok")
    assert without == (200, "degraded", "degraded")


async def test_it_starts_while_redis_hangs(make_app: MakeApp, redis_server: RedisServer) -> None:
    with redis_server.frozen():
        app = await make_app(REDIS_URL=redis_server.url)

        assert await readiness(app) == (200, "degraded", "degraded")


async def test_its_connections_are_closed_at_shutdown(redis_server: RedisServer) -> None:
    client = make_client(SecretStr(redis_server.url))
    pool = client.connection_pool
    app: Any = FastAPI()
    app.state.redis = RedisBreaker(client)

    async with redis.lifespan(app):
        connection = await pool.get_connection()
        await pool.release(connection)
        assert connection.is_connected

    assert not connection.is_connected


async def test_without_a_url_redis_is_not_checked(make_app: MakeApp) -> None:
    async with connect(await make_app(REDIS_URL="")) as client:
        body = (await client.get("/health/ready")).json()

    assert body["status"] == "ready"
    assert "redis" not in body["checks"]


@pytest.mark.parametrize("url", ["localhost:6379", "http://secret@redis", "redis://:secret@r:x/0"])
async def test_an_invalid_url_stops_the_start(make_app: MakeApp, url: str) -> None:
    with pytest.raises(SettingsError, match=r"^REDIS_URL: (?!.*secret)"):
        await make_app(REDIS_URL=url)
