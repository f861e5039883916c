"""HEAD on every path that has a GET (RFC 9110 §9.3.2)."""

from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadersSentError(Exception):
    """The answer to a HEAD is complete, and the rest of its stream would be made for nothing."""


class HeadMiddleware:
    """Innermost: lets the routes see a GET, and all middlewares the HEAD that has come.

    Of a body, the first part is let through, so that compression says of it what it says to a GET.
    `RequestContextMiddleware` takes it out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            scope["method"] = "HEAD"  # the route has done its work
            if message["type"] == "http.response.pathsend":  # a file, instead of its content
                message = {"type": "http.response.body"}
            await send(message)
            if message.get("more_body"):
                await send({"type": "http.response.body"})
                raise HeadersSentError

        scope["method"] = "GET"
        try:
            with suppress(HeadersSentError):
                await self.app(scope, receive, send_head)
        finally:
            scope["method"] = "HEAD"
