"""The WebSocket feature: connections, channels, and events from servers and workers."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from uuid import UUID

import structlog
from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.after_commit import after_commit
from app.core.background import cancel_and_wait
from app.core.events import Event, EventPublisher
from app.core.feature import Feature
from app.core.state import AppState, FastAPI
from app.redis.circuit_breaker import RedisBreaker
from app.redis.feature import make_client
from app.redis.settings import RedisSettings
from app.servers.shutdown import on_shutdown
from app.websocket.broadcast import RedisBroadcast, broadcast_from_worker
from app.websocket.connection import GOING_AWAY, SERVICE_RESTART, WebSocketSettings
from app.websocket.manager import ConnectionManager, close_ended_sessions
from app.websocket.protocol import message, private_channel

# For the introduction of the OpenAPI document, which cannot describe a WebSocket.
INTRODUCTION = """
## WebSocket

Connect to `/api/v1/ws` with the header `Authorization: Bearer <access_token>` or, in a browser,
`new WebSocket(url, ["bearer", accessToken])`. Send `{"type": "subscribe", "channel": "lobby"}` to
receive messages, and `{"type": "publish", "channel": "lobby", "data": {}}` to send one. Changes of
what belongs to you are published in the channel `user:<your id>`.
"""
# Lines of uvicorn that repeat our access log, some with the query string.
UVICORN_LINES = (
    '%s - "WebSocket',
    "connection ",
    "ASGI callable returned without completing handshake",
)

log = structlog.get_logger(__name__)


class WebSocketPublisher(EventPublisher):
    """Publishes in the user's private channel, from a server or a worker.

    `send` takes a channel and a frame.
    """

    def __init__(self, send: Callable[[str, str], Awaitable[None]]) -> None:
        self.send = send

    def publish_event(self, session: AsyncSession, event: Event) -> None:
        """Publish an event after the session's commit. Events without a user are dropped."""
        if event.user_id is None:
            return
        channel, data = private_channel(event.user_id), event_payload(event)

        async def publish() -> None:
            await self.send(channel, message(channel, None, data))

        after_commit(session, publish)


def event_payload(event: Event) -> JsonValue:
    """Return the data of a message: `{"event": "job.updated", "job": {…}}`."""
    resource = event.name.partition(".")[0]
    row = event.model.model_validate(event.row).model_dump(mode="json")
    return {"event": event.name, resource: row}


def is_safe_to_log(record: logging.LogRecord) -> bool:
    """Drop uvicorn's handshake lines, and its debug lines: they contain headers and so tokens."""
    return record.levelno >= logging.INFO and not str(record.msg).startswith(UVICORN_LINES)


def _setup(app: FastAPI) -> None:
    logging.getLogger("uvicorn.error").addFilter(is_safe_to_log)
    state = app.state
    manager = state.websocket = ConnectionManager(WebSocketSettings.load())
    if url := RedisSettings.load().redis_url:
        manager.broadcast = RedisBroadcast(url, manager.deliver)
    state.events = WebSocketPublisher(manager.publish)
    state.gauges["websocket_connections"] = lambda: len(manager.connections)
    app.description += INTRODUCTION


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    state = app.state
    manager, broadcast = state.websocket, state.websocket.broadcast
    if broadcast is None and state.settings.several_processes:
        log.warning("websocket_without_redis", hint="set REDIS_URL: processes share no messages")

    async def find_active(ids: Collection[UUID]) -> set[UUID]:
        async with state.database.reads() as session:
            found = [await it.find_active(session, ids) for it in state.token_schemes]
        return set().union(*found)

    async with broadcast.running() if broadcast else nullcontext():
        checking = asyncio.create_task(close_ended_sessions(manager, find_active))
        try:
            # Not every server closes WebSockets before it waits for the end of requests.
            with on_shutdown(partial(manager.close_all, SERVICE_RESTART, "service restart")):
                yield
        finally:
            manager.close_all(GOING_AWAY, "shutting down")
            await cancel_and_wait([checking])


@asynccontextmanager
async def _worker(state: AppState) -> AsyncGenerator[None, None]:
    url = RedisSettings.load().redis_url
    if url is None:
        yield
        return
    redis = RedisBreaker(make_client(url))
    state.events = WebSocketPublisher(partial(broadcast_from_worker, redis))
    try:
        yield
    finally:
        await redis.client.aclose(close_connection_pool=True)


websocket = Feature(
    name="websocket", after=("redis",), setup=_setup, lifespan=_lifespan, worker_lifespan=_worker
)
