"""What the tests of alerts share."""

import json
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from app.core.config import Settings
from app.core.error_reporting import ErrorReporters
from app.core.state import AppState
from app.features import FEATURES
from app.observability.alerts import feature
from tests.receiver import Receiver, receiving


@pytest.fixture(autouse=True)
def no_alerts_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start without the timestamps of other tests."""
    monkeypatch.setattr(feature, "FILE", tmp_path / "alerts")


@pytest.fixture
def chat() -> Generator[Receiver]:
    """A chat's webhook."""
    with receiving() as receiver:
        yield receiver


@asynccontextmanager
async def alerting(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> AsyncGenerator[ErrorReporters, None]:
    """Send alerts to `url` until the end, as a worker does."""
    monkeypatch.setenv("ALERT_WEBHOOK_URL", url)
    [alerts] = [found for found in FEATURES if found.name == "alerts"]
    state = AppState(Settings.load())
    async with alerts.worker_lifespan(state):
        yield state.error_reporters


def texts(chat: Receiver, number: int) -> list[str]:
    """Wait for a number of messages and return all that were sent."""
    sent = chat.wait(lambda requests: len(requests) >= number)
    return [json.loads(request.body)["text"] for request in sent]
