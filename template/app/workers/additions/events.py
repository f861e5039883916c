"""Changes of jobs are published by the worker that makes them, for the servers to pass on."""

from app.redis.settings import RedisSettings
from app.websocket.outlet import Outlet
from app.workers.runtime import Runtime


def add_to(runtime: Runtime) -> None:
    """Publish through Redis; without it, nobody hears of a worker."""
    if url := RedisSettings.load().redis_url:
        outlet = Outlet(url)
        runtime.events = outlet
        runtime.stack.push_async_callback(outlet.close)
