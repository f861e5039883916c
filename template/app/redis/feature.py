"""Redis as a feature: one client for the app's life, or none without `REDIS_URL`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from redis.exceptions import RedisError

from app.core.feature import Feature
from app.core.probe import Probe
from app.redis.client import make_client
from app.redis.guard import GuardedRedis
from app.redis.settings import RedisSettings


def _setup(app: FastAPI) -> None:
    url = RedisSettings.load().redis_url
    app.state.redis = GuardedRedis(make_client(url)) if url else None


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    guarded: GuardedRedis | None = app.state.redis
    if guarded is None:
        yield
        return
    with suppress(RedisError, OSError, TimeoutError):
        await guarded.ping()  # the first request need not wait for a connection
    try:
        yield
    finally:
        await guarded.client.aclose(close_connection_pool=True)


def _probe(app: FastAPI) -> Probe | None:
    guarded: GuardedRedis | None = app.state.redis
    return Probe(guarded.ping, otherwise="degraded") if guarded else None


redis = Feature(name="redis", setup=_setup, lifespan=_lifespan, probe=_probe)
