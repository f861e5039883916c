"""The WebSocket feature: connections, channels, and events from servers and workers."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from uuid import UUID

import structlog
from fastapi import FastAPI
from starlette.datastructures import State

from app.core.background import cancel_and_wait
from app.core.feature import Feature
from app.redis.circuit_breaker import RedisBreaker
from app.redis.client import make_client
from app.redis.settings import RedisSettings
from app.servers.shutdown import on_shutdown
from app.websocket.broadcast import RedisBroadcast, broadcast_from_worker
from app.websocket.connection import GOING_AWAY, SERVICE_RESTART, WebSocketSettings
from app.websocket.manager import ConnectionManager, close_ended_sessions
from app.websocket.publisher import WebSocketPublisher

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


def is_safe_to_log(record: logging.LogRecord) -> bool:
    """Drop uvicorn's handshake lines, and its debug lines: they contain headers and so tokens."""
    return record.levelno >= logging.INFO and not str(record.msg).startswith(UVICORN_LINES)


def _setup(app: FastAPI) -> None:
    logging.getLogger("uvicorn.error").addFilter(is_safe_to_log)
    manager = app.state.websocket = ConnectionManager(WebSocketSettings.load())
    if url := RedisSettings.load().redis_url:
        manager.broadcast = RedisBroadcast(url, manager.deliver)
    app.state.events = WebSocketPublisher(manager.publish)
    app.state.gauges["websocket_connections"] = lambda: len(manager.connections)
    app.description += INTRODUCTION


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    manager: ConnectionManager = app.state.websocket
    broadcast = manager.broadcast
    if broadcast is None and app.state.settings.web_concurrency > 1:
        log.warning("websocket_without_redis", hint="set REDIS_URL: processes share no messages")

    async def find_active(ids: Collection[UUID]) -> set[UUID]:
        async with app.state.database.reads() as session:
            found = [await it.find_active(session, ids) for it in app.state.token_schemes]
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
async def _worker(state: State) -> AsyncGenerator[None, None]:
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
