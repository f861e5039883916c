"""/api/v1/ws. What is said over it: docs/websocket.md."""

import time
from collections.abc import Mapping
from typing import ClassVar
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, WebSocket
from fastapi.security.utils import get_authorization_scheme_param
from structlog.contextvars import bind_contextvars

from app.core.drain import draining
from app.core.exceptions import AppError, NotAuthenticatedError
from app.services.auth import AuthService
from app.websocket.connection import Connection
from app.websocket.conversation import Conversation
from app.websocket.seats import Seats

# How a browser sends a token: it can set no other header. The name alone is sent back.
BEARER = "bearer"
DEFAULT_PORTS = {"http": ":80", "https": ":443"}

router = APIRouter()
log = structlog.get_logger("access")


class OriginNotAllowedError(AppError):
    """The page that wants to connect belongs to another website (RFC 6455 §10.2)."""

    status = 403
    code = "origin_not_allowed"
    detail = "Pages of this website may not connect."


class ShuttingDownError(AppError):
    """This process was told to stop, and begins nothing that lasts."""

    status = 503
    code = "shutting_down"
    detail = "This server is about to stop. Try again."
    headers: ClassVar[Mapping[str, str]] = {"Retry-After": "1"}


@router.websocket("/ws")
@router.websocket("/ws/")
async def connect(websocket: WebSocket) -> None:
    """Refuse before the upgrade, as any other request is refused; then serve to the end."""
    if draining():
        raise ShuttingDownError
    check_origin(websocket)
    token, subprotocol = find_token(websocket)
    seats: Seats = websocket.app.state.seats
    connection = await authenticate(websocket, token)
    async with seats.taken(connection):
        await websocket.accept(subprotocol)
        await serve(websocket, connection)


def check_origin(websocket: WebSocket) -> None:
    """Let in pages of this host and of `CORS_ORIGINS`, and what is no page at all."""
    origin = websocket.headers.get("origin")
    if origin is None or origin in websocket.app.state.settings.cors_origins:
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
    """Find the token and the subprotocol to agree on, or raise `NotAuthenticatedError`."""
    scheme, token = get_authorization_scheme_param(websocket.headers.get("authorization"))
    if scheme.lower() == BEARER and token:
        return token, None
    offered = websocket.scope["subprotocols"]
    if len(offered) == 2 and offered[0] == BEARER:
        return offered[1], BEARER
    raise NotAuthenticatedError


async def authenticate(websocket: WebSocket, token: str) -> Connection:
    """Authenticate the token, as for any other request."""
    state = websocket.app.state
    claims = state.auth.tokens.verify(token)
    async with state.database.reads() as session:
        user = await AuthService(session, state.auth).authenticate(claims)
    bind_contextvars(user_id=str(user.id))
    return Connection(user.id, claims.session_id, claims.expires_at, state.websocket.settings)


async def serve(websocket: WebSocket, connection: Connection) -> None:
    """Serve a client; the log says when it came and when it went."""
    state = websocket.app.state
    conversation = Conversation(connection, state.websocket, state.events)
    started = time.perf_counter()
    code = None
    log.info("websocket_opened", path=websocket.scope["path"], connection_id=str(connection.id))
    conversation.welcome()
    try:
        code = await connection.run(websocket, conversation.handle)
    finally:
        log.info(
            "websocket_closed",
            connection_id=str(connection.id),
            code=code,
            duration_ms=round((time.perf_counter() - started) * 1000, 2),
        )
