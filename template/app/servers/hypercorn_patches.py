"""Fixes of hypercorn's protocols, against what a client could do with them."""

import asyncio
from typing import Any

import hypercorn.protocol
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived
from hypercorn.protocol import h2, h11, ws_stream
from hypercorn.protocol.events import Body, Data
from hypercorn.protocol.events import Event as StreamEvent
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H2ProtocolAssumedError, H11Protocol
from hypercorn.protocol.ws_stream import WSStream
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HTTP2_PREFACE = b"PRI * HTTP/2.0\r\n\r\n"
MESSAGE_TOO_BIG = 1009


class HTTP1Protocol(H11Protocol):
    """Switches to HTTP/2 only if a connection begins with it, never by `Upgrade: h2c`.

    That upgrade is deprecated (RFC 9113 §3.1). Through a proxy that passes it on, the rest of the
    connection would be a tunnel past the proxy's rules (h2c smuggling).
    """

    async def _check_protocol(self, event: Any) -> None:
        line = b"%b %b HTTP/%b\r\n\r\n" % (event.method, event.target, event.http_version)
        if line == HTTP2_PREFACE and self.keep_alive_requests == 0:
            raise H2ProtocolAssumedError(HTTP2_PREFACE + self.connection.trailing_data[0])


class HTTP2Protocol(H2Protocol):
    """Keeps a connection open if one of its streams is answered early, or is malformed.

    Hypercorn itself closes it with an exception, and the other requests on it are lost.
    """

    async def _handle_events(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, DataReceived) and event.stream_id not in self.streams:
                # The stream is answered already. The rest of its body must not fill the window.
                size = event.flow_controlled_length or 0
                self.connection.acknowledge_received_data(size, event.stream_id)
            elif isinstance(event, RequestReceived) and not is_readable(event):
                self.connection.reset_stream(event.stream_id, ErrorCodes.PROTOCOL_ERROR)
            else:
                await super()._handle_events([event])
        await self._flush()


def is_readable(request: RequestReceived) -> bool:
    """Whether method and path are present and ASCII; hypercorn fails on others."""
    names = [name for name, value in request.headers if value.isascii()]
    return b":method" in names and b":path" in names


class BoundedStream(WSStream):
    """A WebSocket that ends with the first message that is too large.

    Hypercorn closes it for the client, but not for the app, and goes on reading into memory.
    """

    async def handle(self, event: StreamEvent) -> None:
        """Handle an event from the client; drop data after the end."""
        if not self._is_over():
            await super().handle(event)
            if self._is_over() and self.app_put:
                await self.app_put({"type": "websocket.disconnect", "code": MESSAGE_TOO_BIG})
        elif not isinstance(event, Body | Data):
            await super().handle(event)

    def _is_over(self) -> bool:
        return self.buffer.length > self.buffer.max_length


def refuse_extensions(_: object, __: object) -> None:
    """Accept no extension: the only one is compression, unpacked before its size is checked."""


class DrainBodyMiddleware:
    """Reads and drops the rest of a body while the end of the response is sent.

    Hypercorn passes the body on through a queue, and waits for room in it even after the response:
    a connection whose body is not read to the end, such as one too large, would never close.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_and_read(message: Message) -> None:
            if message["type"] != "http.response.body" or message.get("more_body"):
                await send(message)
                return
            reading = asyncio.create_task(read_to_end(receive))
            try:
                await send(message)
            finally:
                reading.cancel()

        await self.app(scope, receive, send_and_read)


async def read_to_end(receive: Receive) -> None:
    """Read until the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


def patch_protocols() -> None:
    """Let hypercorn use the classes above."""
    hypercorn.protocol.H11Protocol = HTTP1Protocol  # ty: ignore[invalid-assignment]
    hypercorn.protocol.H2Protocol = HTTP2Protocol  # ty: ignore[invalid-assignment]
    h11.WSStream = h2.WSStream = BoundedStream  # ty: ignore[invalid-assignment]
    ws_stream.server_extensions_handshake = refuse_extensions  # ty: ignore[invalid-assignment]
