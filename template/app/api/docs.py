"""/docs and /redoc, from assets that this service serves itself: no CDN, no inline script."""

import re
from base64 import b64encode
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

from app.api.openapi import FIRST, document_url, versions

ASSETS = "/docs/assets"
ICON = f"{ASSETS}/favicon.png"
NAVIGATION = "font: 16px sans-serif; padding: 8px 20px"
INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
POLICY = (
    "default-src 'none'; script-src 'self'{hashes}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src blob:; "
    "frame-ancestors 'none'"
)


def add_docs(app: FastAPI) -> None:
    """Add both pages of each version. The packaged assets are found without importing them."""
    app.mount(ASSETS, StaticFiles(directory=assets_folder()), name="docs_assets")
    for version in versions(app):
        schema = document_url(version)
        swagger = get_swagger_ui_html(
            openapi_url=schema,
            title=app.title,
            swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
            swagger_css_url=f"{ASSETS}/swagger-ui.css",
            swagger_favicon_url=ICON,
            swagger_ui_parameters=app.swagger_ui_parameters,
        )
        redoc = get_redoc_html(
            openapi_url=schema,
            title=app.title,
            redoc_js_url=f"{ASSETS}/redoc.standalone.js",
            redoc_favicon_url=ICON,
            with_google_fonts=False,
        )
        _add_page(app, "/docs", version, swagger)
        _add_page(app, "/redoc", version, redoc)


def assets_folder() -> Path:
    """Where the package fastapi-offline keeps Swagger UI and ReDoc."""
    spec = find_spec("fastapi_offline")
    assert spec is not None  # noqa: S101  (a dependency)
    return Path(str(spec.origin)).parent / "static"


def page_url(page: str, version: str) -> str:
    """Where a page is: `/docs` for the first version, `/docs/v2` for another."""
    return page if version == FIRST else f"{page}/{version}"


def _add_page(app: FastAPI, page: str, version: str, made: HTMLResponse) -> None:
    html = bytes(made.body).decode().replace("<body>", f"<body>{_choice(app, page)}", 1)
    headers = {"Content-Security-Policy": content_security_policy(html)}

    async def show() -> HTMLResponse:
        return HTMLResponse(html, headers=headers)

    app.get(page_url(page, version), include_in_schema=False)(show)


def _choice(app: FastAPI, page: str) -> str:
    """Link to the page of each version, if there are several."""
    links = [f'<a href="{page_url(page, version)}">{version}</a>' for version in versions(app)]
    return f'<nav style="{NAVIGATION}">{" ".join(links)}</nav>' if links[1:] else ""


def content_security_policy(html: str) -> str:
    """Allow just the scripts of this page, by their hashes (CSP level 3)."""
    digests = [sha256(script.encode()).digest() for script in INLINE_SCRIPT.findall(html)]
    hashes = "".join(f" 'sha256-{b64encode(digest).decode()}'" for digest in digests)
    return POLICY.format(hashes=hashes)
