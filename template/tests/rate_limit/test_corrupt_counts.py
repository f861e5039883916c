"""A Redis entry that is no window is replaced, and affects no other key."""

from collections.abc import Callable

import pytest
from limits import RateLimitItemPerMinute
from redis import Redis

from app.core.config import PROJECT
from app.rate_limit.limiter import hash_key
from app.rate_limit.redis_limiter import RedisRateLimiter
from app.redis.circuit_breaker import RedisBreaker
from tests.conftest import MakeApp

RATE = RateLimitItemPerMinute(2)
Write = Callable[[Redis, str], object]
ENTRIES: dict[str, Write] = {
    "text": lambda redis, key: redis.set(key, "one"),
    "set": lambda redis, key: redis.sadd(key, "one"),
    "hash": lambda redis, key: redis.hset(key, "one", "two"),
    "list of words": lambda redis, key: redis.rpush(key, "one", "two", "three"),
    "list of bytes": lambda redis, key: redis.rpush(key, b"\xff", b"\xfe", b"\xfd"),
    "list without an end": lambda redis, key: redis.rpush(key, "inf", "inf", "inf"),
}


@pytest.mark.usefixtures("generous_timeouts")
@pytest.mark.parametrize("write", ENTRIES.values(), ids=ENTRIES.keys())
async def test_a_corrupt_entry_is_replaced_and_redis_is_still_used(
    make_app: MakeApp, redis_client: Redis, write: Write
) -> None:
    redis: RedisBreaker = (await make_app()).state.redis
    limiter = RedisRateLimiter(redis)
    write(redis_client, f"{PROJECT.name}:{RATE.key_for(*hash_key(('users', 'ann')))}")

    windows = [await limiter.hit(RATE, "users", "ann") for _ in range(3)]

    assert [window.allowed for window in windows] == [True, True, False]
    assert (await RedisRateLimiter(redis).check(RATE, "users", "ann")).remaining == 0
