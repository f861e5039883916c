"""Hypercorn's HTTP/1.1 and HTTP/2, with what a client must not be able to do taken out."""

from typing import Any

import hypercorn.protocol
from h2.errors import ErrorCodes
from h2.events import DataReceived, Event, RequestReceived
from hypercorn.protocol.h2 import H2Protocol
from hypercorn.protocol.h11 import H2ProtocolAssumedError, H11Protocol

PREFACE = b"PRI * HTTP/2.0\r\n\r\n"


class HTTP1Protocol(H11Protocol):
    """Becomes HTTP/2 only where a connection begins with it, never by `Upgrade: h2c`.

    That upgrade is deprecated (RFC 9113 §3.1). Through a proxy that passes it on, the rest of the
    connection would be a tunnel past the proxy's rules (h2c smuggling).
    """

    async def _check_protocol(self, event: Any) -> None:
        line = b"%b %b HTTP/%b\r\n\r\n" % (event.method, event.target, event.http_version)
        if line == PREFACE and self.keep_alive_requests == 0:
            raise H2ProtocolAssumedError(PREFACE + self.connection.trailing_data[0])


class HTTP2Protocol(H2Protocol):
    """Keeps a connection open when one of its streams is answered early, or malformed.

    Hypercorn itself would close it with an exception, and the requests beside it would be lost.
    """

    async def _handle_events(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, DataReceived) and event.stream_id not in self.streams:
                # The stream is answered already. What still comes must not fill the window.
                size = event.flow_controlled_length or 0
                self.connection.acknowledge_received_data(size, event.stream_id)
            elif isinstance(event, RequestReceived) and not is_readable(event):
                self.connection.reset_stream(event.stream_id, ErrorCodes.PROTOCOL_ERROR)
            else:
                await super()._handle_events([event])
        await self._flush()


def is_readable(request: RequestReceived) -> bool:
    """Whether method and path are there, in ASCII, as they must be; hypercorn fails on others."""
    names = [name for name, value in request.headers if value.isascii()]
    return b":method" in names and b":path" in names


def use_protocols() -> None:
    """Let hypercorn use these."""
    hypercorn.protocol.H11Protocol = HTTP1Protocol  # ty: ignore[invalid-assignment]
    hypercorn.protocol.H2Protocol = HTTP2Protocol  # ty: ignore[invalid-assignment]
