"""How many connections a user may have, over all processes: each takes a seat."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import NoReturn
from uuid import UUID

from redis.asyncio import Redis

from app.core.project import PROJECT
from app.redis.circuit_breaker import RedisBreaker, RedisUnavailableError
from app.websocket.connection import Connection
from app.websocket.hub import Hub, TooManyConnectionsError

PREFIX = f"{PROJECT.name}:websocket:seats:v1:"
# A process that is killed gives nothing back: its seats are free again after so long.
LEASE_SECONDS = 30
RENEW_SECONDS = 10
# So many users' seats are renewed with one question.
BATCH = 100

# What has another type is not ours.
DELETE_OTHERS = """
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then redis.call('DEL', KEYS[1]) end
"""
# By Redis' clock, since the processes' own may differ.
TAKE = f"""{DELETE_OTHERS}
local now = redis.call('TIME')[1]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[2])
return 1
"""
RENEW = f"""{DELETE_OTHERS}
local ends = redis.call('TIME')[1] + ARGV[1]
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], ends, ARGV[i]) end
return redis.call('EXPIRE', KEYS[1], ARGV[1])
"""


class Seats:
    """Counts in this process and, if there is Redis, over all of them.

    While Redis does not answer, each process counts its own alone, and tells the others later.
    """

    def __init__(self, hub: Hub, redis: RedisBreaker | None) -> None:
        self.hub = hub
        self.redis = redis

    @asynccontextmanager
    async def taken(self, connection: Connection) -> AsyncGenerator[None, None]:
        """Keep a seat for a connection, or raise `TooManyConnectionsError`."""
        limit = self.hub.settings.websocket_connections_per_user
        with self.hub.seat(connection):
            try:
                if await self._ask(partial(_take, connection, limit)) is False:
                    raise TooManyConnectionsError
                yield
            finally:
                await self._ask(partial(_give_back, connection))

    async def keep(self) -> NoReturn:
        """Renew what is taken, again and again: Redis may have lost it, too."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            taken: defaultdict[UUID, list[str]] = defaultdict(list)
            for connection in self.hub.connections:
                taken[connection.user_id].append(str(connection.id))
            users = list(taken.items())
            for start in range(0, len(users), BATCH):
                await self._ask(partial(_renew, users[start : start + BATCH]))

    async def _ask(self, question: Callable[[Redis], Awaitable[bool]]) -> bool | None:
        """Return the answer; None, if there is no Redis, or none that answers."""
        if self.redis is None:
            return None
        with suppress(RedisUnavailableError):
            return await self.redis.call(question)
        return None


async def _take(connection: Connection, limit: int, redis: Redis) -> bool:
    arguments = (str(limit), str(LEASE_SECONDS), str(connection.id))
    return bool(await redis.eval(TAKE, 1, _key(connection.user_id), *arguments))


async def _renew(users: Collection[tuple[UUID, list[str]]], redis: Redis) -> bool:
    async with redis.pipeline(transaction=False) as pipe:
        for user, connections in users:
            pipe.eval(RENEW, 1, _key(user), str(LEASE_SECONDS), *connections)
        return all(await pipe.execute())


async def _give_back(connection: Connection, redis: Redis) -> bool:
    return bool(await redis.zrem(_key(connection.user_id), str(connection.id)))


def _key(user: UUID) -> str:
    return f"{PREFIX}{user}"
