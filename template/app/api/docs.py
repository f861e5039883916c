"""/docs and /redoc, from assets that this service serves itself: no CDN, no inline script."""

import re
from base64 import b64encode
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

ASSETS = "/docs/assets"
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src blob:; "
    "frame-ancestors 'none'"
)


def add_docs(app: FastAPI, schema: str = "/api/v1/openapi.json", suffix: str = "") -> None:
    """Add both pages. The packaged assets are found without importing the package."""
    app.mount(ASSETS, StaticFiles(directory=assets_folder()), name="docs_assets")
    add_page(app, f"/docs{suffix}", partial(swagger_page, schema))
    add_page(app, f"/redoc{suffix}", partial(redoc_page, schema))


def swagger_page(schema: str, app: FastAPI, root: str) -> HTMLResponse:
    """Make the page of Swagger UI, for those who see the service below `root`."""
    return get_swagger_ui_html(
        openapi_url=root + schema,
        title=app.title,
        swagger_js_url=f"{root}{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{root}{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{root}{ASSETS}/favicon.png",
        swagger_ui_parameters=app.swagger_ui_parameters,
    )


def redoc_page(schema: str, app: FastAPI, root: str) -> HTMLResponse:
    """Make the page of ReDoc, for those who see the service below `root`."""
    return get_redoc_html(
        openapi_url=root + schema,
        title=app.title,
        redoc_js_url=f"{root}{ASSETS}/redoc.standalone.js",
        redoc_favicon_url=f"{root}{ASSETS}/favicon.png",
        with_google_fonts=False,
    )


def assets_folder() -> Path:
    """Where the package fastapi-offline keeps Swagger UI and ReDoc."""
    spec = find_spec("fastapi_offline")
    assert spec is not None  # noqa: S101  (a dependency)
    return Path(str(spec.origin)).parent / "static"


def add_page(app: FastAPI, path: str, make: Callable[[FastAPI, str], HTMLResponse]) -> None:
    """Serve a page, with a policy of its own. `make` gets the prefix of every path."""
    # Where there are several versions, one links to the others.
    links = getattr(app.state, "docs_links", "")

    async def show(request: Request) -> HTMLResponse:
        root = quote(request.scope["root_path"])
        html = bytes(make(request.app, root).body).decode()
        policy = {"Content-Security-Policy": content_security_policy(html)}
        navigation = links.replace('href="', f'href="{root}')
        return HTMLResponse(html.replace("<body>", f"<body>{navigation}", 1), headers=policy)

    app.get(path, include_in_schema=False)(show)


def content_security_policy(html: str) -> str:
    """Allow just the scripts of this page, by their hashes (CSP level 3)."""
    digests = [sha256(script.encode()).digest() for script in INLINE_SCRIPT.findall(html)]
    hashes = "".join(f" 'sha256-{b64encode(digest).decode()}'" for digest in digests)
    return POLICY.format(hashes=hashes)
