"""Access in a service without users: public, but for /health/detailed."""

import os

import pytest
from fastapi import FastAPI

from tests.conftest import Authorize
from tests.routes import operations


@pytest.fixture
def authorize() -> Authorize:
    """Return the headers that give all access to an app."""

    async def authorize(_: FastAPI) -> dict[str, str]:
        return {"Authorization": f"Bearer {os.environ['HEALTH_TOKEN']}"}

    return authorize


@pytest.fixture
def public_operations(app: FastAPI) -> set[str]:
    """The operations that need no credentials."""
    return {operation.id for operation in operations(app)} - {"get_health_details"}
