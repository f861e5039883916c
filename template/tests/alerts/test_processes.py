"""Processes, which have nothing in common but a file, tell once of what they all run into."""

import asyncio
import time
from pathlib import Path

import pytest

from app.observability import alerts, turns
from tests.alerts.conftest import telling, texts
from tests.receiver import Receiver


async def test_of_several_processes_one_tells(
    chat: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):  # each has its own memory
        async with telling(monkeypatch, chat.url) as failures:
            failures.tell(KeyError(), "/other", f"r-{number}")
    async with telling(monkeypatch, f"{chat.url}/another") as failures:
        failures.tell(KeyError(), "/other", "r-3")

    told = [text.split(", ")[-1] for text in texts(chat, 2)]
    assert told == ["request r-0", "request r-3"]


async def test_what_another_process_keeps_quiet_about_is_told_when_it_is_time_again(
    chat: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = iter([0.2, 0.0])
    monkeypatch.setattr(alerts, "agree", lambda: lambda *_: next(waits))
    async with telling(monkeypatch, chat.url) as failures:
        deadline = time.monotonic() + 15
        while not chat.requests and time.monotonic() < deadline:
            failures.tell(KeyError(), "/other", "")
            await asyncio.sleep(0.05)

    [text] = texts(chat, 1)
    assert "more since the last message" in text


@pytest.mark.parametrize("place", ["not/there", "mine/not"])
async def test_where_processes_share_nothing_each_tells(
    chat: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, place: str
) -> None:
    monkeypatch.setattr(turns, "FILE", tmp_path / place)
    (tmp_path / "mine").write_text("no folder")

    for _ in range(2):
        async with telling(monkeypatch, chat.url) as failures:
            failures.tell(KeyError(), "/other", "")

    assert len(texts(chat, 2)) == 2
