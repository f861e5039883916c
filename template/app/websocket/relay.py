"""Carrying messages between the processes of the service, through Redis pub/sub."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import structlog
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.core.project import PROJECT
from app.core.tasks import end
from app.redis.client import make_client

# Messages that may wait to be sent: so many, of so many characters in all.
WAITING = 10_000
WAITING_CHARACTERS = 16 * 1024 * 1024
# So many of them are sent at once.
AT_ONCE = 100
# What the last messages get when the process ends, and Redis to answer when it begins.
PATIENCE_SECONDS = 1.0
# Between attempts to connect.
SHORTEST_SECONDS = 0.1
LONGEST_SECONDS = 5.0
# After so long without a message, Redis is asked whether it is there.
QUIET_SECONDS = 5.0

FAILURES = (RedisError, OSError, TimeoutError)

log = structlog.get_logger(__name__)


class Relay:
    """Sends what is published here to the other processes, and hears what they publish.

    It carries each message once or, while Redis is away, not at all; nobody waits for it.
    """

    def __init__(self, url: SecretStr, deliver: Callable[[str, str], None]) -> None:
        self.client = make_client(url)
        self.deliver = deliver
        self.origin = uuid4().hex
        self.topic = topic(self.client)
        self.outgoing: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self.waiting = 0
        self.tried = asyncio.Event()

    def send(self, channel: str, frame: str) -> None:
        """Send a message to the others soon."""
        packed = pack(self.origin, channel, frame)
        if self.outgoing.full() or self.waiting + len(packed) > WAITING_CHARACTERS:
            log.warning("websocket_message_not_relayed", error="Full")
            return
        self.waiting += len(packed)
        self.outgoing.put_nowait(packed)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None, None]:
        """Keep both ways open."""
        tasks = [asyncio.create_task(self._publish()), asyncio.create_task(self._listen())]
        try:
            await self.tried.wait()  # whoever is served hears everything, if Redis is there
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self.outgoing.join()
        finally:
            await end(tasks)
            await self.client.aclose(close_connection_pool=True)

    async def _publish(self) -> None:
        """Try each message once: trying again might let it arrive twice."""
        while True:
            batch = [await self.outgoing.get()]
            while len(batch) < AT_ONCE and not self.outgoing.empty():
                batch.append(self.outgoing.get_nowait())
            try:
                async with self.client.pipeline(transaction=False) as pipe:
                    for packed in batch:
                        pipe.publish(self.topic, packed)
                    await pipe.execute()
            except FAILURES as error:
                name = type(error).__name__
                log.warning("websocket_message_not_relayed", error=name, messages=len(batch))
            for packed in batch:
                self.waiting -= len(packed)
                self.outgoing.task_done()

    async def _listen(self) -> None:
        delay = SHORTEST_SECONDS
        while True:
            try:
                async with self.client.pubsub() as pubsub:
                    await pubsub.subscribe(self.topic)
                    if await pubsub.get_message(timeout=PATIENCE_SECONDS) is None:
                        raise TimeoutError
                    log.info("websocket_relay_ready")
                    delay = SHORTEST_SECONDS
                    self.tried.set()
                    await self._hear(pubsub)
            except FAILURES as error:
                log.warning("websocket_relay_lost", error=type(error).__name__)
                self.tried.set()
            await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311
            delay = min(delay * 2, LONGEST_SECONDS)

    async def _hear(self, pubsub: PubSub) -> None:
        """Deliver what comes, until the connection breaks or is silent when asked."""
        asked = False
        while True:
            heard = await pubsub.get_message(timeout=QUIET_SECONDS)
            if heard is None:
                if asked:
                    raise TimeoutError
                await pubsub.ping()
            elif heard["type"] == "message":
                self._deliver(heard["data"].decode(errors="replace"))
            asked = heard is None

    def _deliver(self, packed: str) -> None:
        """Pass on what others have sent; our own was delivered when it was published."""
        origin, _, rest = packed.partition(" ")
        channel, _, frame = rest.partition(" ")
        if origin != self.origin:
            self.deliver(channel, frame)


def topic(client: Redis) -> str:
    """One for all channels, so whoever subscribes need not wait for Redis.

    Redis' own are the same in all its databases, which services may share no more than that.
    """
    database = client.connection_pool.connection_kwargs.get("db", 0)
    return f"{PROJECT.name}:websocket:v1:{database}"


def pack(origin: str, channel: str, frame: str) -> str:
    """Write a message for the way: neither origins nor channels have spaces."""
    return f"{origin} {channel} {frame}"
