"""Redis as a feature: one client for the app's life, or none without `REDIS_URL`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

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
    yield
    if app.state.redis is not None:
        await app.state.redis.client.aclose()


def _probe(app: FastAPI) -> Probe | None:
    guarded: GuardedRedis | None = app.state.redis
    return Probe(guarded.ping, otherwise="degraded") if guarded else None


redis = Feature(name="redis", setup=_setup, lifespan=_lifespan, probe=_probe)
