"""A plugin for all tests: raises the general rate limit."""

import os

import pytest


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Set a rate that no other test reaches."""
    os.environ["RATE_LIMIT_DEFAULT"] = "1000000/minute"
