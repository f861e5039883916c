"""Gunicorn's configuration."""

import os
import runpy

import pytest

from app.cli import main
from app.core.config import ROOT
from tests.databases import free_port

pytestmark = pytest.mark.process


class BecameError(Exception):
    """The process would have been replaced."""


def test_it_takes_the_place_of_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def become(program: str, command: list[str]) -> None:
        raise BecameError(program, command)

    monkeypatch.setattr(os, "execv", become)
    monkeypatch.setenv("PORT", str(free_port()))

    with pytest.raises(BecameError) as became:
        main(["serve"])

    program, command = became.value.args
    assert program == command[0]
    assert command[1:3] == ["-m", "gunicorn"]
    assert command[-1] == "app.main:app"


@pytest.mark.parametrize(("host", "bind"), [("127.0.0.1", "127.0.0.1:8123"), ("::1", "[::1]:8123")])
def test_it_does_what_the_settings_say(
    monkeypatch: pytest.MonkeyPatch, host: str, bind: str
) -> None:
    settings = {
        "HOST": host,
        "PORT": "8123",
        "WEB_CONCURRENCY": "3",
        "WORKER_MAX_REQUESTS": "1000",
        "SHUTDOWN_DRAIN_SECONDS": "7",
        "SHUTDOWN_GRACE_SECONDS": "20",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)

    config = runpy.run_path(str(ROOT / "app/servers/gunicorn_config.py"))

    assert (config["bind"], config["workers"]) == (bind, 3)
    assert (config["max_requests"], config["max_requests_jitter"]) == (1000, 100)
    # Longer than drain and grace together.
    assert 7 + 20 < config["graceful_timeout"] <= 40
