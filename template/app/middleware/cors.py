"""CORS: which websites may call the API from a browser (Fetch standard)."""

from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.responses import HEADERS
from app.core.feature import Feature
from app.core.problem import problem_response
from app.core.state import FastAPI

ALLOWED_HEADERS = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Range",
    "Traceparent",
    "Tracestate",
    "X-Request-ID",
]
EXPOSED_HEADERS = [*HEADERS, "X-Cache", "X-Request-ID"]


class RejectedPreflight(Response):
    """Starlette's response, as a problem."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        response = problem_response(scope, 400, "bad_request", f"{bytes(self.body).decode()}.")
        for name, value in self.headers.items():
            response.headers.setdefault(name, value)
        await response(scope, receive, send)


class ProblemCORSMiddleware(CORSMiddleware):
    """Starlette's middleware, which would reject a preflight request in plain text."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Respond to a preflight request."""
        response = super().preflight_response(request_headers)
        if response.status_code < 400:
            return response
        return RejectedPreflight(response.body, response.status_code, response.headers)


def _setup(app: FastAPI) -> None:
    settings = app.state.settings
    if settings.cors_origins:
        app.add_middleware(
            ProblemCORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=ALLOWED_HEADERS,
            expose_headers=EXPOSED_HEADERS,
        )


cors = Feature(name="cors", after=("rate_limit",), setup=_setup)
