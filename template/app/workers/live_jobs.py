"""Changes of jobs are published by the worker that makes them, for the servers to pass on."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.datastructures import State

from app.core.feature import Feature
from app.redis.settings import RedisSettings
from app.websocket.outlet import Outlet


@asynccontextmanager
async def _worker(state: State) -> AsyncGenerator[None, None]:
    """Publish through Redis; without it, nobody hears of a worker."""
    url = RedisSettings.load().redis_url
    if url is None:
        yield
        return
    outlet = Outlet(url)
    state.events = outlet
    try:
        yield
    finally:
        await outlet.close()


live_jobs = Feature(name="live_jobs", worker=_worker)
