"""A second version beside the first: what it needs, and what the first says of it."""

from datetime import UTC, datetime
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


class SuccessorMiddleware:
    """Marks every answer of version 1 as deprecated (RFC 9745), and links to what follows it.

    The link is that of RFC 5829 §3.3: the same path, where version 2 has the resource, else the
    version itself.
    """

    def __init__(self, app: ASGIApp, fastapi: FastAPI) -> None:
        self.app = app
        paths = (str(context.path) for context in iter_route_contexts(fastapi.routes))
        self.resources = {path.split("/")[3] for path in paths if path.startswith(f"{V2}/")}
        self.since = f"@{DEPRECATED.timestamp():.0f}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers on the way out, to errors too."""
        root = scope.get("root_path", "")
        path = path_below_root(scope) if "path" in scope else ""
        if not f"{path}/".startswith(f"{V1}/"):
            await self.app(scope, receive, send)
            return
        link = f'<{quote(root)}{self.successor(path)}>; rel="successor-version"'

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ANSWERS:
                headers = MutableHeaders(scope=message)
                headers["Deprecation"] = self.since
                headers.append("Link", link)
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def successor(self, path: str) -> str:
        """Where version 2 has what version 1 has here."""
        resource, *rest = path.removeprefix(V1).strip("/").split("/")
        if resource not in self.resources:
            return V2
        return quote("/".join((V2, resource, *rest)), errors="replace")


def _setup(app: FastAPI) -> None:
    app.state.cursors = Cursors(signing_keys())
    app.add_middleware(SuccessorMiddleware, fastapi=app)
    if app.state.settings.serves_docs:
        add_documents(app)


api_v2 = Feature(name="api_v2", setup=_setup)
