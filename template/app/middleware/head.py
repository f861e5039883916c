"""HEAD on every path that has a GET (RFC 9110 §9.3.2)."""

from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadersSentError(Exception):
    """The response to HEAD is complete: the rest of its body need not be made."""


class HeadMiddleware:
    """Innermost: routes see GET, all other middleware HEAD.

    The first part of the body is passed on, so that the headers of compression are those of GET.
    `RequestContextMiddleware` removes it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            scope["method"] = "HEAD"  # the route is done
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
