"""What the tests of alerts share."""

import json
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.datastructures import State

from app.core.failures import Failures
from app.features import FEATURES
from app.observability import turns
from tests.receiver import Receiver, receiving


@pytest.fixture(autouse=True)
def nothing_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no other test have told of the same, and nobody share a Redis."""
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.setattr(turns, "FILE", tmp_path / "turns")


@pytest.fixture
def chat() -> Generator[Receiver]:
    """A chat's webhook."""
    with receiving() as receiver:
        yield receiver


@asynccontextmanager
async def telling(monkeypatch: pytest.MonkeyPatch, url: str) -> AsyncGenerator[Failures, None]:
    """Let failures be told at `url` until the end, as in a worker."""
    monkeypatch.setenv("ALERT_WEBHOOK_URL", url)
    [feature] = [feature for feature in FEATURES if feature.name == "alerts"]
    failures = Failures()
    async with feature.worker(State({"failures": failures})):
        yield failures


def texts(chat: Receiver, number: int) -> list[str]:
    sent = chat.wait(lambda requests: len(requests) >= number)
    return [json.loads(request.body)["text"] for request in sent]
