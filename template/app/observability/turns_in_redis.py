"""Who tells of something: of all processes that share a Redis one, once in a while."""

import asyncio

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.project import PROJECT
from app.redis.client import make_client
from app.redis.settings import RedisSettings


def take_turn(name: str, seconds: float) -> float | None:
    """Return 0 or how long to wait, as `turns.take_turn` does; None if Redis does not say."""
    url = RedisSettings.load().redis_url
    if url is None:
        return None
    try:
        return asyncio.run(_ask(make_client(url), f"{PROJECT.name}:alerts:{name}", seconds))
    except (RedisError, OSError, TimeoutError):
        return None


async def _ask(client: Redis, key: str, seconds: float) -> float:
    try:
        if await client.set(key, 1, nx=True, px=round(seconds * 1000)):
            return 0.0
        return max(await client.pttl(key), 1) / 1000
    finally:
        await client.aclose(close_connection_pool=True)
