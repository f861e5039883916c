"""What a reverse proxy changes about a request: client address, scheme and path prefix."""

import re
from importlib import import_module
from importlib.util import find_spec
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.types import Scope

from app.core.addresses import Networks, client_address, is_trusted
from app.core.http import is_below

# Behind a proxy that strips the prefix /api, what begins like this has lost it.
VERSIONED = re.compile(r"/api/v\d+(?![^/])")


def disable_uvicorn_proxy_headers() -> None:
    """Switch off uvicorn's `ProxyHeadersMiddleware`, so that TRUSTED_PROXIES alone decides.

    `uvicorn app.main:app` and `fastapi dev` trust whatever comes from this machine, and the app
    has no option against it. uvicorn wraps the app after importing it, so this is in time.
    """
    if find_spec("uvicorn"):  # an image with another server has none
        vars(import_module("uvicorn.config"))["ProxyHeadersMiddleware"] = lambda app, **_: app


def add_root_path(scope: Scope, configured: str) -> None:
    """Put the prefix that a proxy strips before the path, where ASGI wants it.

    The prefix is ROOT_PATH or the server's own `--root-path`; not every server puts it there.
    """
    root = (configured or scope.get("root_path", "")).rstrip("/")
    scope["root_path"] = root
    stripped = root == "/api" and VERSIONED.match(scope["path"])
    if root and (stripped or not is_below(scope["path"], root)):
        scope["path"] = root + scope["path"]
        scope["raw_path"] = quote(root).encode() + (scope.get("raw_path") or b"")


def apply_forwarded_headers(scope: Scope, headers: Headers, proxies: Networks) -> None:
    """Take the client's address and scheme from the headers of a trusted proxy."""
    peer = scope.get("client")
    if not peer or not is_trusted(peer[0], proxies):
        return
    forwarded_for = ",".join(headers.getlist("x-forwarded-for"))
    scope["client"] = (client_address(peer[0], forwarded_for, proxies), 0)
    scheme = headers.get("x-forwarded-proto", "").strip().lower()
    if scheme in {"http", "https"} and scope["type"] == "http":
        scope["scheme"] = scheme


def relative_location(location: str, scope: Scope) -> str:
    """Remove our scheme and host, which may be others at the proxy (RFC 9110 §10.2.2)."""
    origin = f"{scope['scheme']}://{Headers(scope=scope).get('host', '')}/"
    return f"/{location.removeprefix(origin)}" if location.startswith(origin) else location
