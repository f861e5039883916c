"""/docs and /redoc, with assets from this service: no CDN, so they work without internet."""

import re
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from html import escape
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from app.api.openapi import URL
from app.core.state import FastAPI, Request

ASSETS = "/docs/assets"
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src blob:; "
    "frame-ancestors 'none'"
)


def add_docs(app: FastAPI, openapi_url: str = URL, suffix: str = "") -> None:
    """Add both pages for a document. Their assets are those of the package fastapi-offline."""
    package = find_spec("fastapi_offline")  # found without importing it
    assert package is not None  # noqa: S101  (a dependency)
    assets = Path(str(package.origin)).parent / "static"
    app.mount(ASSETS, StaticFiles(directory=assets), name="docs_assets")
    add_page(app, f"/docs{suffix}", partial(swagger_page, openapi_url))
    add_page(app, f"/redoc{suffix}", partial(redoc_page, openapi_url))


def swagger_page(openapi_url: str, app: FastAPI, root: str) -> HTMLResponse:
    """Render Swagger UI. `root` is the prefix that a proxy strips."""
    return get_swagger_ui_html(
        openapi_url=root + openapi_url,
        title=escape(app.title),
        swagger_js_url=f"{root}{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{root}{ASSETS}/favicon.png",
        # Each operation shows who may call it: `x-permission`.
        swagger_ui_parameters={"showExtensions": True, **(app.swagger_ui_parameters or {})},
    )


def redoc_page(openapi_url: str, app: FastAPI, root: str) -> HTMLResponse:
    """Render ReDoc. `root` is the prefix that a proxy strips."""
    return get_redoc_html(
        openapi_url=root + openapi_url,
        title=escape(app.title),
        redoc_js_url=f"{root}{ASSETS}/redoc.standalone.js",
        redoc_favicon_url=f"{root}{ASSETS}/favicon.png",
        with_google_fonts=False,
    )


def add_page(app: FastAPI, path: str, make: Callable[[FastAPI, str], HTMLResponse]) -> None:
    """Serve a page with its own Content-Security-Policy. `make` gets the app and the prefix."""
    # With several versions of the API, each page links to the others.
    links = app.state.docs_links

    async def show(request: Request) -> HTMLResponse:
        root = quote(request.scope["root_path"])
        html = bytes(make(request.app, root).body).decode()
        policy = {"Content-Security-Policy": content_security_policy(html)}
        navigation = links.replace('href="', f'href="{root}')
        return HTMLResponse(html.replace("<body>", f"<body>{navigation}", 1), headers=policy)

    app.get(path, include_in_schema=False)(show)


def content_security_policy(html: str) -> str:
    """Allow only the inline scripts of this page, by their hashes (CSP level 3)."""
    digests = [sha256(script.encode()).digest() for script in INLINE_SCRIPT.findall(html)]
    hashes = "".join(f" 'sha256-{b64encode(digest).decode()}'" for digest in digests)
    return CONTENT_SECURITY_POLICY.format(hashes=hashes)
