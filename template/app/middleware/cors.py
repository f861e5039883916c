"""Which websites may call the API from a browser (the Fetch standard's CORS protocol)."""

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.api.errors import problem
from app.core.config import Settings
from app.core.feature import Feature

SENT = [
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
READ = [
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Range",
    "Deprecation",
    "ETag",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Cache",
    "X-Request-ID",
]


class PreflightRefusal(Response):
    """A problem, with what Starlette would say in plain text."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        said = f"{bytes(self.body).decode()}."
        answer = problem(scope, 400, "bad_request", said)
        for name, value in self.headers.items():
            answer.headers.setdefault(name, value)
        await answer(scope, receive, send)


class ProblemCORSMiddleware(CORSMiddleware):
    """Refuses a preflight as everything else is refused."""

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer what Starlette answers, in our form."""
        answer = super().preflight_response(request_headers)
        if answer.status_code < 400:
            return answer
        return PreflightRefusal(answer.body, answer.status_code, answer.headers)


def _setup(app: FastAPI) -> None:
    settings: Settings = app.state.settings
    if settings.cors_origins:
        app.add_middleware(
            ProblemCORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_credentials=True,
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=SENT,
            expose_headers=READ,
        )


cors = Feature(name="cors", after=("rate_limit",), setup=_setup)
