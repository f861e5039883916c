"""The OpenAPI document of version 2, and pages to read it."""

import re
from functools import cache, partial

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.api.docs import add_docs
from app.api.openapi import build, place

PATHS = re.compile("/api/v2/")
URL = "/api/v2/openapi.json"
LINKS = " ".join(
    f'<a href="{page}{suffix}" style="padding: 1em">{name} {version}</a>'
    for page, name in (("/docs", "Swagger UI"), ("/redoc", "ReDoc"))
    for suffix, version in (("", "v1"), ("/v2", "v2"))
)


def add_documents(app: FastAPI) -> None:
    """Serve them, and link from each page to the others."""
    app.state.docs_links = f"<nav>{LINKS}</nav>"
    app.state.openapi_v2 = cache(partial(build, app, PATHS))
    app.get(URL, include_in_schema=False)(show)
    add_docs(app, URL, "/v2")


async def show(request: Request) -> JSONResponse:
    """Answer with the document, which is built when somebody first asks for it."""
    return JSONResponse(place(request.app.state.openapi_v2(), request))
