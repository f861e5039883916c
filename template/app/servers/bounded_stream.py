"""WebSockets of hypercorn with a bound on what one message may take.

It would unpack a compressed message before it looks at its size. And of one that is too large, it
tells the client, but not the app, and reads on: into memory, as long as the client sends.
"""

from hypercorn.protocol import h2, h11, ws_stream
from hypercorn.protocol.events import Body, Data, Event
from hypercorn.protocol.ws_stream import WSStream

TOO_BIG = 1009


class BoundedStream(WSStream):
    """Ends with the first message that is too large."""

    async def handle(self, event: Event) -> None:
        """Take what the client sends, unless nobody will read it."""
        if not self._is_over():
            await super().handle(event)
            if self._is_over() and self.app_put:
                await self.app_put({"type": "websocket.disconnect", "code": TOO_BIG})
        elif not isinstance(event, Body | Data):
            await super().handle(event)

    def _is_over(self) -> bool:
        return self.buffer.length > self.buffer.max_length


def refuse(_: object, __: object) -> None:
    """Accept no extension of the protocol: the only one is compression."""


def bound_messages() -> None:
    """Let hypercorn use these."""
    h11.WSStream = h2.WSStream = BoundedStream  # ty: ignore[invalid-assignment]
    ws_stream.server_extensions_handshake = refuse  # ty: ignore[invalid-assignment]
