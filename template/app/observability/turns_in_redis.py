"""Who tells of something: of all processes that share a Redis one, once in a while."""

import asyncio
from collections.abc import Callable
from functools import partial

from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.core.project import PROJECT
from app.observability.turns import take_turn_here
from app.redis.client import make_client
from app.redis.settings import RedisSettings


def agree() -> Callable[[str, float], float] | None:
    """Choose Redis if there is one."""
    url = RedisSettings.load().redis_url
    return partial(take_turn, url) if url else None


def take_turn(url: SecretStr, name: str, seconds: float) -> float:
    """Take a turn of those that share a Redis; while it does not answer, of this machine's."""
    try:
        return asyncio.run(_ask(make_client(url), f"{PROJECT.name}:alerts:{name}", seconds))
    except (RedisError, OSError, TimeoutError):
        return take_turn_here(name, seconds)


async def _ask(client: Redis, key: str, seconds: float) -> float:
    try:
        if await client.set(key, 1, nx=True, px=round(seconds * 1000)):
            return 0.0
        left = await client.pttl(key)
        if left == -1:  # it never expires, so it is not ours
            await client.set(key, 1, px=round(seconds * 1000))
            return 0.0
        return max(left, 1) / 1000
    finally:
        await client.aclose(close_connection_pool=True)
