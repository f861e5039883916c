"""The feature `cache`: in Redis, or in memory if there is one process only."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Annotated

import structlog
from pydantic import Field

from app.cache.read_through import ReadThroughCache
from app.cache.stores import MemoryStore, RedisStore
from app.core.cache import Cache
from app.core.feature import Feature
from app.core.settings import EnvSettings
from app.core.state import FastAPI
from app.redis.circuit_breaker import RedisBreaker

log = structlog.get_logger(__name__)


class CacheSettings(EnvSettings):
    """The same for all processes."""

    cache_enabled: bool = True
    # The maximum age of a value in seconds; a change invalidates it at once.
    cache_ttl_seconds: Annotated[int, Field(ge=1, le=24 * 3600)] = 60


def make_cache(
    settings: CacheSettings, redis: RedisBreaker | None, *, several_processes: bool
) -> Cache:
    """Make the cache. Several processes without Redis get none: they could not invalidate it."""
    if not settings.cache_enabled:
        return Cache()
    if redis is not None:
        return ReadThroughCache(RedisStore(redis), settings.cache_ttl_seconds)
    if several_processes:
        log.warning("cache_off", reason="there are several processes and no REDIS_URL")
        return Cache()
    return ReadThroughCache(MemoryStore(), settings.cache_ttl_seconds)


def _setup(app: FastAPI) -> None:
    several = app.state.settings.several_processes
    app.state.cache = make_cache(CacheSettings.load(), app.state.redis, several_processes=several)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    yield
    cache = app.state.cache
    if isinstance(cache, ReadThroughCache):
        await cache.invalidator.close()


cache = Feature(name="cache", after=("redis",), setup=_setup, lifespan=_lifespan)
