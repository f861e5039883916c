"""WebSocket as a feature: who is connected, what is told to them, and who may stay."""

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import structlog
from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from app.api.docs import add_page
from app.core.feature import Feature
from app.core.tasks import end
from app.redis.settings import RedisSettings
from app.repositories.live_session import still_valid
from app.websocket.connection import GOING_AWAY
from app.websocket.hub import Hub
from app.websocket.publishing import NoRelay, Publisher
from app.websocket.relay import Relay
from app.websocket.seats import Seats
from app.websocket.server_log import keep_tokens_out
from app.websocket.settings import WebSocketSettings
from app.websocket.watch import watch

PAGE = Path(__file__).with_name("websocket_docs.html")

log = structlog.get_logger(__name__)


def _setup(app: FastAPI) -> None:
    keep_tokens_out()
    hub = app.state.websocket = Hub(WebSocketSettings.load())
    app.state.seats = Seats(hub, app.state.redis)
    app.state.gauges["websocket_connections"] = lambda: len(hub.connections)
    url = RedisSettings.load().redis_url
    app.state.events = Publisher(hub, Relay(url, hub.deliver) if url else NoRelay())
    if app.state.settings.serves_docs:
        add_page(app, "/docs/websocket", show_page)


def show_page(_: FastAPI, __: str) -> HTMLResponse:
    """Make the page, whose own paths are relative."""
    return HTMLResponse(PAGE.read_text(encoding="utf-8"))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    hub: Hub = app.state.websocket
    publisher: Publisher = app.state.events
    seats: Seats = app.state.seats
    if app.state.settings.web_concurrency > 1 and isinstance(publisher.relay, NoRelay):
        log.warning("websocket_alone", hint="without REDIS_URL, processes share no messages")

    async def validate(ids: Collection[UUID]) -> set[UUID]:
        async with app.state.database.reads() as session:
            return await still_valid(session, ids)

    async with publisher.relay.open():
        tasks = [asyncio.create_task(task) for task in (watch(hub, validate), seats.keep())]
        try:
            yield
        finally:
            hub.end_all(GOING_AWAY, "shutting down")  # servers have closed them, as a rule
            await end(tasks)


websocket = Feature(name="websocket", after=("redis",), setup=_setup, lifespan=_lifespan)
