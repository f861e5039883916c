"""A pytest plugin for all tests: shortens the interval between checks of sessions."""

import os

import pytest


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Set the interval before the settings are read."""
    os.environ["WEBSOCKET_CHECK_SECONDS"] = "0.1"
