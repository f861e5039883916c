"""A plugin for all tests: what is looked up every few seconds, is looked up at once."""

import os

import pytest


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Let no test wait for the next check of the sessions."""
    os.environ["WEBSOCKET_CHECK_SECONDS"] = "0.1"
