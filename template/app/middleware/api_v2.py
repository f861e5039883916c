"""A second version beside the first: what it needs, and what the first says of it."""

from datetime import UTC, datetime
from functools import cached_property, partial
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.v2.documents import add_documents
from app.core.cursor import Cursors
from app.core.feature import Feature
from app.core.route import path_below_root
from app.core.secret_key import signing_keys

# A WebSocket is answered too, whether it is refused or not.
ANSWERS = {"http.response.start", "websocket.http.response.start", "websocket.accept"}
V1 = "/api/v1"
V2 = "/api/v2"
# When it was said that version 1 will go; yours to set.
DEPRECATED = datetime(2026, 1, 1, tzinfo=UTC)


def resources(fastapi: FastAPI) -> set[str]:
    """What version 2 has: the first names behind its prefix. Its document is none of them."""
    contexts = iter_route_contexts(fastapi.routes)
    paths = (str(c.path) for c in contexts if getattr(c, "include_in_schema", False))
    return {path.split("/")[3] for path in paths if path.startswith(f"{V2}/")}


def successor(path: str, found: set[str]) -> str | None:
    """Where version 2 has what version 1 has at this path; None if it has not."""
    _, _, resource = path.rstrip("/").partition(f"{V1}/")
    return quote(f"{V2}/{resource}", errors="replace") if resource.split("/")[0] in found else None


class SuccessorMiddleware:
    """Marks the answers of version 1 that have a successor as deprecated (RFC 9745).

    The link is that of RFC 5829 §3.3: the same path in version 2. What has no successor yet stays
    as it is: to deprecate it would leave its callers nowhere to go.
    """

    def __init__(self, app: ASGIApp, fastapi: FastAPI) -> None:
        self.app = app
        self.fastapi = fastapi
        self.since = f"@{DEPRECATED.timestamp():.0f}"

    @cached_property
    def resources(self) -> set[str]:
        """The names, found once: FastAPI builds every route for that, which takes 50 ms."""
        return resources(self.fastapi)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers on the way out, to errors too."""
        path = path_below_root(scope) if "path" in scope else ""
        target = successor(path, self.resources) if path.startswith(f"{V1}/") else None
        if target is None:
            await self.app(scope, receive, send)
            return
        link = f'<{quote(scope.get("root_path", ""))}{target}>; rel="successor-version"'

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ANSWERS:
                headers = MutableHeaders(scope=message)
                headers["Deprecation"] = self.since
                headers.append("Link", link)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def headers(app: FastAPI, path: str) -> tuple[str, ...]:
    """The headers that this feature adds to the answers of a path."""
    old = path.startswith(f"{V1}/") and successor(path, resources(app))
    return ("Deprecation", "Link") if old else ()


def _setup(app: FastAPI) -> None:
    app.state.cursors = Cursors(signing_keys())
    app.add_middleware(SuccessorMiddleware, fastapi=app)
    app.state.documented_headers.append(partial(headers, app))
    if app.state.settings.serves_docs:
        add_documents(app)


api_v2 = Feature(name="api_v2", setup=_setup)
