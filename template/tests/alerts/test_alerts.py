"""Alerts: sent once, in the background, and without anything confidential."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.core.exceptions import DependencyUnavailableError
from app.core.settings import SettingsError
from app.main import create_app
from app.observability.alerts import feature
from tests.alerts.conftest import alerting, texts
from tests.clients import connect
from tests.conftest import MakeApp
from tests.receiver import Receiver

SECRET = "hunter2"


async def crash(text: str = "") -> None:
    raise ZeroDivisionError(f"{SECRET} {text}")


async def crash_too() -> None:
    raise KeyError(SECRET)


async def miss() -> None:
    raise DependencyUnavailableError


@pytest.fixture
async def failing(make_app: MakeApp, chat: Receiver) -> FastAPI:
    """An app with routes that fail."""
    app = await make_app(ALERT_WEBHOOK_URL=f"{chat.url}/hooks/{SECRET}", PROJECT_NAME="Tea")
    app.get("/crash/{text}")(crash)
    app.get("/other")(crash_too)
    app.get("/miss")(miss)
    return app


@pytest.fixture
async def caller(failing: FastAPI) -> AsyncGenerator[AsyncClient]:
    """A client of that app."""
    async with connect(failing, {"Authorization": f"Bearer {SECRET}"}) as client:
        yield client


async def test_an_alert_names_the_error_the_route_and_the_request_and_nothing_else(
    caller: AsyncClient, chat: Receiver
) -> None:
    await caller.get(f"/crash/{SECRET}?q={SECRET}", headers={"X-Request-ID": "r-7"})

    [text] = texts(chat, 1)
    assert text == "Tea (test): ZeroDivisionError in /crash/{text}, request r-7"
    body = json.loads(chat.requests[0].body)
    assert body == {"text": text, "content": text}
    assert chat.requests[0].headers["Content-Type"] == "application/json"


async def test_each_type_and_route_is_sent_once_in_five_minutes(
    caller: AsyncClient, chat: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path in ("/crash/1", "/crash/2", "/other", "/crash/3", "/other", "/miss", "/miss"):
        await caller.get(path)
    first = texts(chat, 3)
    monkeypatch.setattr(feature, "INTERVAL_SECONDS", 0.0)
    await caller.get("/crash/4")

    errors = [text.split(": ")[1].split(", ")[0] for text in first]
    assert errors == [
        "ZeroDivisionError in /crash/{text}",
        "KeyError in /other",
        "DependencyUnavailableError in /miss",
    ]
    assert texts(chat, 4)[3].endswith(", and 2 more since the last message")


async def test_no_request_waits_for_a_webhook_that_does_not_answer(
    caller: AsyncClient, chat: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature, "INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr(feature, "REQUEST_TIMEOUT_SECONDS", 60)
    chat.speaking.clear()

    async with asyncio.timeout(30):  # half of what the chat takes for one
        for number in range(2 * feature.QUEUE_SIZE):
            assert (await caller.get(f"/crash/{number}")).status_code == 500

    chat.speaking.set()  # else the thread waits during the next test


@pytest.mark.usefixtures("app")  # which configures the logs
async def test_a_webhook_that_refuses_is_logged_without_its_url(
    chat: Receiver, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    chat.status = 404

    async with alerting(monkeypatch, f"{chat.url}/hooks/{SECRET}") as failures:
        failures.report(KeyError(SECRET), "/other", "")
        failures.report(ZeroDivisionError(SECRET), "/crash/{text}", "")
        chat.wait(lambda requests: len(requests) == 2)

    # Only now: what the thread writes during `readouterr` is lost.
    lines = [line for line in capfd.readouterr().out.splitlines() if "alert_not_sent" in line]
    assert [json.loads(line)["status"] for line in lines] == [404, 404]
    assert not any(SECRET in line for line in lines)


@pytest.mark.usefixtures("app")  # which configures the logs
async def test_a_url_that_cannot_be_requested_is_not_logged(
    chat: Receiver, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async with alerting(monkeypatch, f"{chat.url}/{SECRET} and a space") as failures:
        failures.report(KeyError(), "/other", "")

    logged = capfd.readouterr().out
    assert "alert_not_sent" in logged
    assert SECRET not in logged


async def test_queued_alerts_are_sent_at_shutdown_within_its_timeout(
    chat: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feature, "SHUTDOWN_TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(feature, "REQUEST_TIMEOUT_SECONDS", 60)
    began = time.monotonic()

    async with alerting(monkeypatch, chat.url) as failures:
        failures.report(KeyError(SECRET), "report.make", "")
        chat.wait(lambda requests: len(requests) == 1)
        chat.speaking.clear()
        failures.report(KeyError(SECRET), "mail.send", "")

    assert json.loads(chat.requests[0].body)["text"].endswith("KeyError in report.make")
    assert time.monotonic() - began < 30
    assert failures.listeners == []


async def test_without_a_webhook_there_is_no_listener(make_app: MakeApp) -> None:
    app = await make_app()

    listeners = app.state.error_reporters.listeners
    assert not any(isinstance(it, feature.WebhookAlerter) for it in listeners)


@pytest.mark.parametrize("url", ["ftp://{}", "https:///{}", "https://chat:{}/", "https://[{}"])
def test_a_bad_url_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("ALERT_WEBHOOK_URL", url.format(SECRET))

    with pytest.raises(SettingsError, match=r"^ALERT_WEBHOOK_URL: ") as raised:
        create_app()

    assert SECRET not in str(raised.value)
