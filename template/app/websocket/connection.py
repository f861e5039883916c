"""One WebSocket connection: reads frames in order, writes from a bounded queue."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

import structlog
from pydantic import Field
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from app.core.background import cancel_and_wait
from app.core.settings import EnvSettings

Limit = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=60)]

# Close codes (RFC 6455 §7.4.1 and its IANA registry); 4000 and above are private.
GOING_AWAY = 1001
ABNORMAL_CLOSURE = 1006
POLICY_VIOLATION = 1008
MESSAGE_TOO_BIG = 1009
INTERNAL_ERROR = 1011
SERVICE_RESTART = 1012
TRY_AGAIN_LATER = 1013
UNAUTHORIZED = 4401
# A client that does not read does not answer a close frame either.
CLOSE_TIMEOUT_SECONDS = 30

FrameHandler = Callable[[str | None], Awaitable[None]]

log = structlog.get_logger(__name__)


class WebSocketSettings(EnvSettings):
    """Limits per connection and per user, and how often sessions are checked."""

    websocket_max_frame_bytes: Limit = 64 * 1024
    websocket_messages_per_second: Limit = 20
    # In each process.
    websocket_connections_per_user: Limit = 20
    websocket_channels_per_connection: Limit = 100
    # Messages queued for a slow client before it is disconnected.
    websocket_queue_size: Limit = 256
    # Timeout for sending one message.
    websocket_send_seconds: Seconds = 10
    # Interval between checks for expired tokens and ended sessions.
    websocket_check_seconds: Seconds = 2


class TokenBucket:
    """Rate limit: holds up to `rate` tokens, and is refilled with `rate` tokens a second."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.tokens = float(rate)
        self.updated_at = time.monotonic()

    def take(self) -> bool:
        """Take a token. Return False if the bucket is empty."""
        now = time.monotonic()
        self.tokens = min(self.rate, self.tokens + (now - self.updated_at) * self.rate)
        self.updated_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Connection:
    """A user's connection. `send` and `close` never wait, so a slow client delays no other."""

    def __init__(
        self, user_id: UUID, session_id: UUID, expires_at: datetime, settings: WebSocketSettings
    ) -> None:
        self.id = uuid4()
        self.user_id = user_id
        self.session_id = session_id
        self.expires_at = expires_at
        self.settings = settings
        self.channels: set[str] = set()
        self.queue: asyncio.Queue[str] = asyncio.Queue(settings.websocket_queue_size)
        self.bucket = TokenBucket(settings.websocket_messages_per_second)
        self.closed: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    def send(self, frame: str) -> None:
        """Queue a frame. Close the connection if the queue is full."""
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.close(TRY_AGAIN_LATER, "too slow")

    def close(self, code: int, reason: str = "") -> None:
        """Make `run` close the connection. Only the first call counts."""
        if not self.closed.done():
            self.closed.set_result((code, reason))

    async def run(self, websocket: WebSocket, handle: FrameHandler) -> int:
        """Read and write until one side closes. Return the close code."""
        tasks = [
            asyncio.create_task(self._close_on_error(self._read(websocket, handle))),
            asyncio.create_task(self._close_on_error(self._write(websocket))),
        ]
        try:
            code, reason = await self.closed
        finally:
            await cancel_and_wait(tasks)
        if websocket.client_state is WebSocketState.CONNECTED:
            with suppress(WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                    await websocket.close(code, reason)
        return code

    async def _close_on_error(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception:
            log.exception("websocket_failed")
            self.close(INTERNAL_ERROR)

    async def _read(self, websocket: WebSocket, handle: FrameHandler) -> None:
        while not self.closed.done():
            received = await websocket.receive()
            if received["type"] == "websocket.disconnect":
                self.close(received.get("code", ABNORMAL_CLOSURE))
            elif not self.bucket.take():
                self.close(POLICY_VIOLATION, "too many messages")
            elif frame_size(received) > self.settings.websocket_max_frame_bytes:
                self.close(MESSAGE_TOO_BIG, "frame too big")
            else:
                await handle(received.get("text"))

    async def _write(self, websocket: WebSocket) -> None:
        try:
            while True:
                frame = await self.queue.get()
                async with asyncio.timeout(self.settings.websocket_send_seconds):
                    await websocket.send_text(frame)
        except TimeoutError:
            self.close(TRY_AGAIN_LATER, "too slow")
        except (WebSocketDisconnect, RuntimeError, OSError):  # the client left: servers differ
            self.close(ABNORMAL_CLOSURE)


def frame_size(received: Message) -> int:
    """Return the size of a text or binary frame in bytes."""
    return len(received.get("bytes") or (received.get("text") or "").encode())
