"""Compression of responses with gzip."""

from fastapi.middleware.gzip import GZipMiddleware
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Receive, Scope, Send


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
