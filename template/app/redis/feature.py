"""The feature `redis`: one client for the lifetime of the app; none without `REDIS_URL`.

Every wait of the client is bounded.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.maint_notifications import MaintNotificationsConfig

from app.core.feature import Feature, HealthCheck
from app.core.state import FastAPI
from app.redis.circuit_breaker import RedisBreaker
from app.redis.settings import RedisSettings

# Longer than the timeout of any call: see app/redis/circuit_breaker.py.
SOCKET_TIMEOUT_SECONDS = 1.0
# Of one process; some are for calls without the breaker.
MAX_CONNECTIONS = 16


def make_client(url: SecretStr) -> Redis:
    """Make a client without connecting. Not for blocking commands, which would time out."""
    pool = BlockingConnectionPool.from_url(
        url.get_secret_value(),
        max_connections=MAX_CONNECTIONS,
        timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), retries=0),
        # They would extend the timeouts.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis(connection_pool=pool)


def _setup(app: FastAPI) -> None:
    url = RedisSettings.load().redis_url
    app.state.redis = RedisBreaker(make_client(url)) if url else None


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    breaker = app.state.redis
    if breaker is None:
        yield
        return
    with suppress(RedisError, OSError, TimeoutError):
        await breaker.ping()  # connects, so that the first request need not
    try:
        yield
    finally:
        await breaker.client.aclose(close_connection_pool=True)


def _health_check(app: FastAPI) -> HealthCheck | None:
    breaker = app.state.redis
    return HealthCheck(breaker.ping, if_unhealthy="degraded") if breaker else None


redis = Feature(name="redis", setup=_setup, lifespan=_lifespan, health_check=_health_check)
