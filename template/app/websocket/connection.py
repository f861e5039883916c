"""One client: what it sends is handled in turn, what it is sent waits in a queue of its own."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from uuid import UUID, uuid4

import structlog
from starlette.types import Message
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.websocket.allowance import Allowance
from app.websocket.settings import WebSocketSettings

# Close codes (RFC 6455 §7.4.1, and the registry it founds); from 4000 on they are our own.
GOING_AWAY = 1001
ABNORMAL = 1006
POLICY_VIOLATION = 1008
TOO_BIG = 1009
INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013
UNAUTHORIZED = 4401
# A client that does not read takes no farewell either.
FAREWELL_SECONDS = 30

Handler = Callable[[str | None], Awaitable[None]]

log = structlog.get_logger(__name__)


class Connection:
    """A user's connection. To send fills its queue and never waits: nobody waits for anybody."""

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
        self.allowance = Allowance(settings.websocket_messages_per_second)
        self.ended: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self.gone = False

    def send(self, frame: str) -> None:
        """Send soon. Who reads so slowly that too much waits, is dropped."""
        try:
            self.queue.put_nowait(frame)
        except asyncio.QueueFull:
            self.end(TRY_AGAIN_LATER, "too slow")

    def end(self, code: int, reason: str = "") -> None:
        """Close soon. The first reason counts."""
        if not self.ended.done():
            self.ended.set_result((code, reason))

    async def run(self, websocket: WebSocket, handle: Handler) -> int:
        """Serve until one side ends it; return the code it was closed with."""
        tasks = [
            asyncio.create_task(self._or_end(self._read(websocket, handle))),
            asyncio.create_task(self._or_end(self._write(websocket))),
        ]
        try:
            code, reason = await self.ended
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
        if not self.gone:
            with suppress(WebSocketDisconnect, RuntimeError, OSError, TimeoutError):
                async with asyncio.timeout(FAREWELL_SECONDS):
                    await websocket.close(code, reason)
        return code

    async def _or_end(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception:  # a mistake of ours costs one connection
            log.exception("websocket_failed")
            self.end(INTERNAL_ERROR)

    async def _read(self, websocket: WebSocket, handle: Handler) -> None:
        while not self.ended.done():
            received = await websocket.receive()
            if received["type"] == "websocket.disconnect":
                self.gone = True
                self.end(received.get("code", ABNORMAL))
            elif not self.allowance.take():
                self.end(POLICY_VIOLATION, "too many messages")
            elif size_of(received) > self.settings.websocket_max_frame_bytes:
                self.end(TOO_BIG, "frame too big")
            else:
                await handle(received.get("text"))

    async def _write(self, websocket: WebSocket) -> None:
        try:
            while True:
                frame = await self.queue.get()
                async with asyncio.timeout(self.settings.websocket_send_seconds):
                    await websocket.send_text(frame)
        except TimeoutError:
            self.end(TRY_AGAIN_LATER, "too slow")
        except (WebSocketDisconnect, RuntimeError, OSError):  # servers differ in how they say it
            self.gone = True
            self.end(ABNORMAL)


def size_of(received: Message) -> int:
    """The bytes of a frame."""
    return len(received.get("bytes") or (received.get("text") or "").encode())
