"""The cache as a feature: in Redis, or in this process if it is the only one."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI

from app.cache.read_through import ReadThroughCache
from app.cache.redis_store import RedisStore
from app.cache.settings import CacheSettings
from app.cache.store import LocalStore
from app.core.cache import Cache, NoCache
from app.core.feature import Feature
from app.redis.guard import GuardedRedis

log = structlog.get_logger(__name__)


def make_cache(settings: CacheSettings, redis: GuardedRedis | None, processes: int) -> Cache:
    """Make the cache that fits. Processes that share nothing could not invalidate each other's."""
    if not settings.cache_enabled:
        return NoCache()
    if redis is not None:
        return ReadThroughCache(RedisStore(redis), settings.cache_ttl_seconds)
    if processes > 1:
        log.warning("cache_off", reason="WEB_CONCURRENCY is above 1 and there is no REDIS_URL")
        return NoCache()
    return ReadThroughCache(LocalStore(), settings.cache_ttl_seconds)


def _setup(app: FastAPI) -> None:
    processes = app.state.settings.web_concurrency
    app.state.cache = make_cache(CacheSettings.load(), app.state.redis, processes)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    yield
    if isinstance(app.state.cache, ReadThroughCache):
        await app.state.cache.forgetting.close()


cache = Feature(name="cache", after=("redis",), setup=_setup, lifespan=_lifespan)
