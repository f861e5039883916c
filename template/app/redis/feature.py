"""The feature `redis`: one client for the lifetime of the app; none without `REDIS_URL`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from redis.exceptions import RedisError

from app.core.feature import Feature
from app.core.health_check import HealthCheck
from app.redis.circuit_breaker import RedisBreaker
from app.redis.client import make_client
from app.redis.settings import RedisSettings


def _setup(app: FastAPI) -> None:
    url = RedisSettings.load().redis_url
    app.state.redis = RedisBreaker(make_client(url)) if url else None


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    breaker: RedisBreaker | None = app.state.redis
    if breaker is None:
        yield
        return
    with suppress(RedisError, OSError, TimeoutError):
        await breaker.ping()  # connects, so that the first request need not
    try:
        yield
    finally:
        await breaker.client.aclose(close_connection_pool=True)


def _probe(app: FastAPI) -> HealthCheck | None:
    breaker: RedisBreaker | None = app.state.redis
    return HealthCheck(breaker.ping, if_unhealthy="degraded") if breaker else None


redis = Feature(name="redis", setup=_setup, lifespan=_lifespan, health_check=_probe)
