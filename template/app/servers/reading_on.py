"""Hypercorn never closes a connection whose body nobody reads to the end, such as one too large.

It passes the body on through a queue, and waits for room in it even when the app has answered.
"""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ReadingOn:
    """Reads and forgets what still comes while the end of the answer is sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_and_read(message: Message) -> None:
            if message["type"] != "http.response.body" or message.get("more_body"):
                await send(message)
                return
            reading = asyncio.create_task(read(receive))
            try:
                await send(message)
            finally:
                reading.cancel()

        await self.app(scope, receive, send_and_read)


async def read(receive: Receive) -> None:
    """Read to the end."""
    while (await receive())["type"] != "http.disconnect":
        pass
