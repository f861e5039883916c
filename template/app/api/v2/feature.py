"""Version 2 of the API as a feature: its documents, and the deprecation of version 1."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, partial
from urllib.parse import quote

from fastapi.routing import iter_route_contexts
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.docs import add_docs
from app.api.openapi import add_document, build
from app.core.feature import Feature
from app.core.http import path_below_root
from app.core.state import FastAPI

V1 = "/api/v1"
V2 = "/api/v2"
# When you announced that version 1 will be removed.
DEPRECATION_DATE = datetime(2026, 1, 1, tzinfo=UTC)
# WebSockets get the headers too, whether they are accepted or refused.
RESPONSE_STARTS = {
    "http.response.start",
    "websocket.http.response.start",
    "websocket.accept",
}
DOCS_LINKS = " ".join(
    f'<a href="{page}{suffix}" style="padding: 1em">{name} {version}</a>'
    for page, name in (("/docs", "Swagger UI"), ("/redoc", "ReDoc"))
    for suffix, version in (("", "v1"), ("/v2", "v2"))
)


def v2_resources(app: FastAPI) -> set[str]:
    """Return the resources of version 2: the first names below its prefix."""
    contexts = iter_route_contexts([route for route in app.routes if may_be_v2(route)])
    paths = (str(c.path) for c in contexts if getattr(c, "include_in_schema", False))
    return {path.split("/")[3] for path in paths if path.startswith(f"{V2}/")}


def may_be_v2(route: object) -> bool:
    """Whether a route can be below the prefix of version 2, by the prefix it is included with.

    FastAPI builds all routes of a router that is looked into: a tenth of the time is left.
    """
    prefix = getattr(getattr(route, "include_context", None), "prefix", "")
    return prefix.startswith(V2) or V2.startswith(prefix)


def successor(path: str, resources: Callable[[], set[str]]) -> str | None:
    """Return the path in version 2 of a path in version 1; None if version 2 lacks it."""
    if not path.startswith(f"{V1}/"):
        return None
    below = path.rstrip("/").removeprefix(f"{V1}/")
    return quote(f"{V2}/{below}", errors="replace") if below.split("/")[0] in resources() else None


class DeprecationMiddleware:
    """Adds `Deprecation` (RFC 9745) and a link to the successor (RFC 5829 §3.3) to version 1.

    What has no successor yet is not deprecated.
    """

    def __init__(self, app: ASGIApp, resources: Callable[[], set[str]]) -> None:
        self.app = app
        self.resources = resources
        self.since = f"@{DEPRECATION_DATE.timestamp():.0f}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to every response, errors too."""
        target = successor(path_below_root(scope), self.resources) if "path" in scope else None
        if target is None:
            await self.app(scope, receive, send)
            return
        link = f'<{quote(scope.get("root_path", ""))}{target}>; rel="successor-version"'

        async def send_with_headers(message: Message) -> None:
            if message["type"] in RESPONSE_STARTS:
                headers = MutableHeaders(scope=message)
                headers["Deprecation"] = self.since
                headers.append("Link", link)
            await send(message)

        await self.app(scope, receive, send_with_headers)


def _setup(app: FastAPI) -> None:
    # Cached, and not before the first request: routes may be added until then.
    resources = cache(partial(v2_resources, app))
    app.add_middleware(DeprecationMiddleware, resources=resources)
    app.state.documented_headers.append(
        lambda path: ("Deprecation", "Link") if successor(path, resources) else ()
    )
    if app.state.settings.serves_docs:
        app.state.docs_links = f"<nav>{DOCS_LINKS}</nav>"
        app.state.openapi_v2 = cache(partial(build, app, re.compile(f"{V2}/")))
        add_document(app, f"{V2}/openapi.json", lambda app: app.state.openapi_v2())
        add_docs(app, f"{V2}/openapi.json", "/v2")


api_v2 = Feature(name="api_v2", after=("rate_limit",), setup=_setup)
