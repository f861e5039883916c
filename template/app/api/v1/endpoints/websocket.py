"""/api/v1/ws: the WebSocket. Its protocol is described in docs/websocket.md."""

import time
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, WebSocket
from fastapi.security.utils import get_authorization_scheme_param
from structlog.contextvars import bind_contextvars

from app.core.exceptions import AppError, NotAuthenticatedError
from app.core.state import app_of
from app.servers.shutdown import is_draining
from app.services.caller import scheme_of
from app.websocket.connection import Connection
from app.websocket.manager import ConnectionManager
from app.websocket.protocol import MessageHandler, frame

# The subprotocol with which browsers, which can set no header, send a token as a second one.
BEARER = "bearer"
DEFAULT_PORTS = {"http": ":80", "https": ":443"}

router = APIRouter()
log = structlog.get_logger("access")


class OriginNotAllowedError(AppError):
    """The page that connects is of another website (RFC 6455 §10.2)."""

    status = 403
    code = "origin_not_allowed"
    detail = "Pages of this website may not connect."


class ShuttingDownError(AppError):
    """The process shuts down, and accepts no more connections."""

    status = 503
    code = "shutting_down"
    detail = "This server is about to stop. Try again."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


@router.websocket("/ws")
@router.websocket("/ws/")  # no client follows a redirect of an upgrade
async def connect(websocket: WebSocket) -> None:
    """Refuse like any HTTP request, before the upgrade; or serve the connection to its end."""
    check_origin(websocket)
    token, subprotocol = find_token(websocket)
    connection = await authenticate(websocket, token)
    if is_draining():  # checked last: what is registered from here on is closed on shutdown
        raise ShuttingDownError
    manager = app_of(websocket.scope).state.websocket
    with manager.register(connection):
        await websocket.accept(subprotocol)
        await serve(websocket, connection, manager)


def check_origin(websocket: WebSocket) -> None:
    """Allow pages of this host and of `CORS_ORIGINS`, and clients that are not browsers."""
    origin = websocket.headers.get("origin")
    if origin is None or origin in app_of(websocket.scope).state.settings.cors_origins:
        return
    try:
        page = urlsplit(origin)
    except ValueError:
        raise OriginNotAllowedError from None
    port = DEFAULT_PORTS.get(page.scheme)
    host = websocket.headers.get("host", "").lower()
    if port is None or page.netloc.removesuffix(port) != host.removesuffix(port):
        raise OriginNotAllowedError


def find_token(websocket: WebSocket) -> tuple[str, str | None]:
    """Return the token and the subprotocol to accept, or raise `NotAuthenticatedError`."""
    scheme, token = get_authorization_scheme_param(websocket.headers.get("authorization"))
    if scheme.lower() == BEARER and token:
        return token, None
    offered = websocket.scope["subprotocols"]
    if len(offered) == 2 and offered[0] == BEARER:
        return offered[1], BEARER
    raise NotAuthenticatedError


async def authenticate(websocket: WebSocket, token: str) -> Connection:
    """Authenticate the token, as for any other request."""
    state = app_of(websocket.scope).state
    scheme = scheme_of(state.token_schemes, token)
    async with state.database.reads() as session:
        caller = await scheme.authenticate(session, token, websocket.scope)
    bind_contextvars(user_id=str(caller.user.id))
    credential = caller.credential
    return Connection(
        caller.user.id, credential.id, credential.expires_at, state.websocket.settings
    )


async def serve(websocket: WebSocket, connection: Connection, manager: ConnectionManager) -> None:
    """Serve a connection, and log when it opens and closes."""
    started = time.perf_counter()
    code = None
    log.info("websocket_opened", path=websocket.scope["path"], connection_id=str(connection.id))
    connection.send(frame("welcome", connection_id=connection.id, user_id=connection.user_id))
    try:
        code = await connection.run(websocket, MessageHandler(connection, manager).handle)
    finally:
        log.info(
            "websocket_closed",
            connection_id=str(connection.id),
            code=code,
            duration_ms=round((time.perf_counter() - started) * 1000, 2),
        )
