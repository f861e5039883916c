"""A plugin for all tests: they ask more often than people do."""

import os

import pytest


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Let no test run into the general limit, but for those about it."""
    os.environ["RATE_LIMIT_DEFAULT"] = "1000000/minute"
