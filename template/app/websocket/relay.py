"""Carrying messages between the processes of the service, through Redis pub/sub."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import structlog
from pydantic import SecretStr
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.core.project import PROJECT
from app.redis.client import make_client

# One for all channels: whoever has subscribed anywhere need not wait for Redis.
TOPIC = f"{PROJECT.name}:websocket:v1"
# Messages that may wait to be sent.
WAITING = 1000
# What the last messages get when the process ends, and Redis to answer when it begins.
PATIENCE_SECONDS = 1.0
# Between attempts to connect, or to end.
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
        self.outgoing: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self.tried = asyncio.Event()

    def send(self, channel: str, frame: str) -> None:
        """Send a message to the others soon."""
        try:
            self.outgoing.put_nowait(pack(self.origin, channel, frame))
        except asyncio.QueueFull:
            log.warning("websocket_message_not_relayed", error="Full")

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
            packed = await self.outgoing.get()
            try:
                await self.client.publish(TOPIC, packed)
            except FAILURES as error:
                log.warning("websocket_message_not_relayed", error=type(error).__name__)
            self.outgoing.task_done()

    async def _listen(self) -> None:
        delay = SHORTEST_SECONDS
        while True:
            try:
                async with self.client.pubsub() as pubsub:
                    await pubsub.subscribe(TOPIC)
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


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: drivers may take a cancellation for a failure of their own."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=SHORTEST_SECONDS)


def pack(origin: str, channel: str, frame: str) -> str:
    """Write a message for the way: neither origins nor channels have spaces."""
    return f"{origin} {channel} {frame}"
