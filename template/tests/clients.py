"""HTTP clients that call an app in the process."""

from collections.abc import Mapping

from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient


def connect(
    app: FastAPI, headers: Mapping[str, str] | None = None, address: str = "127.0.0.1"
) -> AsyncClient:
    """Call a running app. The transport does not run the lifespan."""
    transport = ASGITransport(app=app, client=(address, 50000))
    return AsyncClient(transport=transport, base_url="http://test", headers=headers)
