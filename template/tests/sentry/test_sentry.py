"""Errors are reported to Sentry, with their context and without anything that users sent."""

import json
from collections.abc import Generator
from contextvars import Context, copy_context
from typing import Any

import pytest
import sentry_sdk
from fastapi import Body, FastAPI

from app.core.config import Settings
from app.core.settings import SettingsError
from app.core.state import AppState
from app.features import FEATURES
from app.main import create_app
from app.observability.sentry.feature import report
from tests.clients import connect
from tests.conftest import MakeApp
from tests.receiver import Receiver, receiving

SECRET = "hunter2"


async def crash(password: str = Body()) -> None:
    local = password
    try:
        raise KeyError(local)
    except KeyError as error:
        raise ZeroDivisionError(local) from error


async def capture() -> None:
    sentry_sdk.set_tag("tenant", "tea")
    sentry_sdk.add_breadcrumb(message="looked for it")
    try:
        raise KeyError("not there")
    except KeyError as error:
        sentry_sdk.capture_exception(error)
        raise


@pytest.fixture
def sentry() -> Generator[Receiver]:
    """A server that stands for Sentry."""
    with receiving() as receiver:
        yield receiver


def dsn(sentry: Receiver) -> str:
    return sentry.url.replace("//", "//key@") + "/1"


def events(sentry: Receiver) -> list[dict[str, Any]]:
    """The events in the envelopes: each is JSON, line by line."""
    found = []
    for request in sentry.requests:
        lines = [json.loads(line) for line in request.body.splitlines()]
        found += [line for line in lines if "exception" in line]
    return found


async def test_an_error_is_reported_once_and_nothing_that_was_sent(
    make_app: MakeApp, sentry: Receiver
) -> None:
    app = await make_app(SENTRY_DSN=dsn(sentry))
    app.post("/crash")(crash)

    headers = {"X-Request-ID": "r-7", "Authorization": f"Bearer {SECRET}", "Cookie": SECRET}
    async with connect(app, headers) as client:
        await client.post(f"/crash?q={SECRET}", json=SECRET)
        sentry.wait(lambda requests: len(requests) >= 1)
        await client.get("/nothing")

    [event] = events(sentry)
    types = [error["type"] for error in event["exception"]["values"]]
    assert types == ["KeyError", "ZeroDivisionError"]
    assert event["tags"] == {"request_id": "r-7", "route": "/crash"}
    assert (event["transaction"], event["environment"]) == ("/crash", "test")
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "crash"
    assert SECRET.encode() not in b"".join(request.body for request in sentry.requests)


async def test_what_the_service_captures_is_sent_once_with_its_message_and_tags(
    make_app: MakeApp, sentry: Receiver
) -> None:
    app = await make_app(SENTRY_DSN=dsn(sentry))
    app.get("/capture")(capture)
    app.get("/crash")(lambda: 1 / 0)

    async with connect(app) as client:
        with sentry_sdk.isolation_scope():  # a server has one for each request
            assert (await client.get("/capture")).status_code == 500
        await client.get("/crash")
        sentry.wait(lambda requests: len(requests) >= 2)

    [event, other] = events(sentry)
    assert event["exception"]["values"][0]["value"] == "'not there'"
    assert (event["tags"]["tenant"], "tenant" in other["tags"]) == ("tea", False)
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == ["looked for it"]


async def test_a_tag_of_one_job_is_not_on_the_events_of_another(
    sentry: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn(sentry))
    [feature] = [feature for feature in FEATURES if feature.name == "sentry"]
    state = AppState(Settings.load())
    failures = state.error_reporters

    def job(tenant: str) -> None:
        if tenant:
            sentry_sdk.set_tag("tenant", tenant)
        failures.report(ZeroDivisionError(), "report.make", tenant)

    def work() -> None:
        failures.report(ZeroDivisionError(), "jobs.sweep", "")
        copy_context().run(job, "tea")
        copy_context().run(job, "")

    async with feature.worker_lifespan(state):
        Context().run(work)

    assert [event["tags"].get("tenant") for event in events(sentry)] == [None, "tea", None]


async def test_workers_report_too(sentry: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn(sentry))
    [feature] = [feature for feature in FEATURES if feature.name == "sentry"]
    state = AppState(Settings.load())
    failures = state.error_reporters

    async with feature.worker_lifespan(state):
        failures.report(ZeroDivisionError(SECRET), "report.make", "r-8")

    [event] = events(sentry)
    assert event["tags"] == {"request_id": "r-8", "route": "report.make"}


async def test_without_a_dsn_nothing_is_reported(app: FastAPI) -> None:
    assert report not in app.state.error_reporters.listeners


@pytest.mark.parametrize(
    ("variable", "value"),
    [("HTTPS_PROXY", "nonsense://ann:hunter2@proxy"), ("HTTP_PROXY", "http://hunter2:b:c")],
)
async def test_a_proxy_that_cannot_be_used_does_not_stop_the_start(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str], variable: str, value: str
) -> None:
    scheme = variable.partition("_")[0].lower()
    app = await make_app(**{variable: value, "SENTRY_DSN": f"{scheme}://key@127.0.0.1:1/1"})

    logged = capsys.readouterr().out
    assert report not in app.state.error_reporters.listeners
    assert "sentry_unusable" in logged
    assert SECRET not in logged


def test_a_bad_dsn_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", f"https://{SECRET}.example")

    with pytest.raises(SettingsError, match=r"^SENTRY_DSN: is not a DSN") as raised:
        create_app()

    assert SECRET not in str(raised.value)
