"""Messages between the processes of the service, through Redis pub/sub."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import structlog
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.backoff import DecorrelatedJitterBackoff
from redis.exceptions import RedisError

from app.core.background import cancel_and_wait
from app.core.config import PROJECT
from app.redis.circuit_breaker import RedisBreaker, RedisUnavailableError
from app.redis.feature import make_client

# Limit of all messages that wait to be sent to Redis.
MAX_QUEUED_CHARACTERS = 16 * 1024 * 1024
BATCH_SIZE = 100
# Timeout for subscribing, and for sending queued messages on shutdown.
TIMEOUT_SECONDS = 1.0
# After so long without a message, Redis is sent a ping.
PING_INTERVAL_SECONDS = 5.0
RECONNECT_BASE_SECONDS = 0.1
MAX_RECONNECT_SECONDS = 5.0

REDIS_ERRORS = (RedisError, OSError, TimeoutError)

log = structlog.get_logger(__name__)


class RedisBroadcast:
    """Sends messages to the other processes, and delivers those that they send.

    Delivery is at most once: messages are dropped while Redis is unavailable. `send` never waits.
    """

    def __init__(self, url: SecretStr, deliver: Callable[[str, str], None]) -> None:
        self.client = make_client(url)
        self.deliver = deliver
        self.origin = uuid4().hex
        self.topic = topic(self.client)
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.queued_characters = 0
        self.first_attempt = asyncio.Event()
        self.backoff = DecorrelatedJitterBackoff(MAX_RECONNECT_SECONDS, RECONNECT_BASE_SECONDS)

    def send(self, channel: str, frame: str) -> None:
        """Queue a frame. Drop it if the queue is full."""
        packed = pack(self.origin, channel, frame)
        if self.queued_characters + len(packed) > MAX_QUEUED_CHARACTERS:
            log.warning("websocket_broadcast_failed", error="QueueFull")
            return
        self.queued_characters += len(packed)
        self.queue.put_nowait(packed)

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Publish and subscribe in the background, once a first attempt to connect was made."""
        tasks = [asyncio.create_task(self._publish()), asyncio.create_task(self._subscribe())]
        try:
            await self.first_attempt.wait()
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    await self.queue.join()
        finally:
            await cancel_and_wait(tasks)
            await self.client.aclose(close_connection_pool=True)

    async def _publish(self) -> None:
        """Publish in batches, without retries: a retry could deliver a message twice."""
        while True:
            batch = [await self.queue.get()]
            while len(batch) < BATCH_SIZE and not self.queue.empty():
                batch.append(self.queue.get_nowait())
            try:
                async with self.client.pipeline(transaction=False) as pipe:
                    for packed in batch:
                        pipe.publish(self.topic, packed)
                    await pipe.execute()
            except REDIS_ERRORS as error:
                name = type(error).__name__
                log.warning("websocket_broadcast_failed", error=name, messages=len(batch))
            for packed in batch:
                self.queued_characters -= len(packed)
                self.queue.task_done()

    async def _subscribe(self) -> None:
        while True:
            try:
                async with self.client.pubsub() as pubsub:
                    await pubsub.subscribe(self.topic)
                    if await pubsub.get_message(timeout=TIMEOUT_SECONDS) is None:
                        raise TimeoutError
                    log.info("websocket_broadcast_connected")
                    self.backoff.reset()
                    self.first_attempt.set()
                    await self._receive(pubsub)
            except REDIS_ERRORS as error:
                log.warning("websocket_broadcast_disconnected", error=type(error).__name__)
                self.first_attempt.set()
            # This backoff counts the failures itself, and ignores the number.
            await asyncio.sleep(self.backoff.compute(0))

    async def _receive(self, pubsub: PubSub) -> None:
        """Deliver messages until the connection breaks or a ping is not answered."""
        pinged = False
        while True:
            received = await pubsub.get_message(timeout=PING_INTERVAL_SECONDS)
            if received is None:
                if pinged:
                    raise TimeoutError
                await pubsub.ping()
            elif received["type"] == "message":
                self._deliver(received["data"].decode(errors="replace"))
            pinged = received is None

    def _deliver(self, packed: str) -> None:
        """Deliver a message of another process. Its own were delivered when they were sent."""
        origin, _, rest = packed.partition(" ")
        channel, _, frame = rest.partition(" ")
        if origin != self.origin:
            self.deliver(channel, frame)


async def broadcast_from_worker(redis: RedisBreaker, channel: str, frame: str) -> None:
    """Publish at once: in a worker no background task runs between two jobs."""
    packed = pack("worker", channel, frame)
    try:
        await redis.call(lambda client: client.publish(topic(client), packed))
    except RedisUnavailableError:
        log.warning("websocket_broadcast_failed", error="RedisUnavailableError")


def topic(client: Redis) -> str:
    """Return the one Redis channel of this service.

    Redis does not separate pub/sub by database, so the number of the database is in the name.
    """
    database = client.connection_pool.connection_kwargs.get("db", 0)
    return f"{PROJECT.name}:websocket:v1:{database}"


def pack(origin: str, channel: str, frame: str) -> str:
    """Serialize a message between processes: neither origins nor channels contain spaces."""
    return f"{origin} {channel} {frame}"
