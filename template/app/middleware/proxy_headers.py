"""Whose `X-Forwarded-For` is believed is for TRUSTED_PROXIES to say, whichever command serves."""

from importlib import import_module
from importlib.util import find_spec

from starlette.types import ASGIApp


def disable_uvicorn_proxy_headers() -> None:
    """Take uvicorn's own handling of proxies out of its way to the app.

    `uvicorn app.main:app` and `fastapi dev` believe whatever comes from this machine, and uvicorn
    offers the app no way to decline. It wraps the app after importing it, so this is in time.
    """
    if find_spec("uvicorn"):  # an image with another server has none
        vars(import_module("uvicorn.config"))["ProxyHeadersMiddleware"] = unwrapped


def unwrapped(app: ASGIApp, **_: object) -> ASGIApp:
    """Stand in for a middleware, and add none."""
    return app
