"""Alerts are deduplicated over all processes of a machine, by a file."""

import asyncio
import time
from pathlib import Path

import pytest

from app.observability.alerts import feature
from tests.alerts.conftest import alerting, texts
from tests.receiver import Receiver


async def test_of_several_processes_one_sends(
    chat: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):  # each has its own memory
        async with alerting(monkeypatch, chat.url) as failures:
            failures.report(KeyError(), "/other", f"r-{number}")
    async with alerting(monkeypatch, f"{chat.url}/another") as failures:
        failures.report(KeyError(), "/other", "r-3")

    sent = [text.split(", ")[-1] for text in texts(chat, 2)]
    assert sent == ["request r-0", "request r-3"]


async def test_an_error_that_another_process_has_sent_is_sent_again_after_the_interval(
    chat: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = iter([0.2, 0.0])
    monkeypatch.setattr(feature, "acquire", lambda *_: next(waits))
    async with alerting(monkeypatch, chat.url) as failures:
        deadline = time.monotonic() + 15
        while not chat.requests and time.monotonic() < deadline:
            failures.report(KeyError(), "/other", "")
            await asyncio.sleep(0.05)

    [text] = texts(chat, 1)
    assert "more since the last message" in text


@pytest.mark.parametrize("place", ["not/there", "mine/not"])
async def test_without_a_shared_file_each_process_sends(
    chat: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    monkeypatch.setattr(feature, "FILE", tmp_path / place)
    (tmp_path / "mine").write_text("not a folder")

    for _ in range(2):
        async with alerting(monkeypatch, chat.url) as failures:
            failures.report(KeyError(), "/other", "")

    assert len(texts(chat, 2)) == 2
