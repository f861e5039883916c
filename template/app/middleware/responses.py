"""How responses are sent: to HEAD without a body, and compressed with gzip."""

from contextlib import suppress

from fastapi.middleware.gzip import GZipMiddleware
from starlette.datastructures import Headers, MutableHeaders
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


class WeightedGZipMiddleware(GZipMiddleware):
    """Respects the weights in `Accept-Encoding`; Starlette's compresses for `gzip;q=0` too."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or accepts_gzip(Headers(scope=scope)):
            await super().__call__(scope, receive, send)
            return

        # Starlette's own responder costs as much as a health check's endpoint.
        async def send_with_vary(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                length = headers.get("content-length", "")
                if not length.isdecimal() or int(length) >= self.minimum_size:
                    headers.add_vary_header("Accept-Encoding")  # others get it compressed
            await send(message)

        await self.app(scope, receive, send_with_vary)


def accepts_gzip(headers: Headers) -> bool:
    """Whether gzip is accepted, and preferred to no compression (RFC 9110 §12.5.3)."""
    weights: dict[str, float] = {}
    for part in ",".join(headers.getlist("accept-encoding")).split(","):
        coding, *parameters = (text.strip().lower() for text in part.split(";"))
        weights[coding] = weight(parameters)
    return weights.get("gzip", 0) > 0 and weights.get("gzip", 0) >= weights.get("identity", 0)


def weight(parameters: list[str]) -> float:
    """Return the parameter `q`: 1 without it, 0 if it is not a number."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return float(value) if value.strip().replace(".", "", 1).isdecimal() else 0
    return 1
