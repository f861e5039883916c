"""Compression of responses with gzip."""

from fastapi.middleware.gzip import GZipMiddleware
from starlette.datastructures import Headers
from starlette.middleware.gzip import IdentityResponder
from starlette.types import Receive, Scope, Send


class WeightedGZipMiddleware(GZipMiddleware):
    """Respects the weights in `Accept-Encoding`; Starlette's compresses for `gzip;q=0` too."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or accepts_gzip(Headers(scope=scope)):
            await super().__call__(scope, receive, send)
        else:
            await IdentityResponder(self.app, self.minimum_size)(scope, receive, send)


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
