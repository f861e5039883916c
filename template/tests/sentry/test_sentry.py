"""Errors reach Sentry, with what helps to find them and nothing that people sent."""

import json
from collections.abc import Generator
from typing import Any

import pytest
from fastapi import Body, FastAPI
from starlette.datastructures import State

from app.core.failures import Failures
from app.core.settings import SettingsError
from app.features import FEATURES
from app.main import create_app
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


@pytest.fixture
def sentry() -> Generator[Receiver]:
    """Sentry's door."""
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
    kinds = [error["type"] for error in event["exception"]["values"]]
    assert kinds == ["KeyError", "ZeroDivisionError"]
    assert event["tags"] == {"request_id": "r-7", "route": "/crash"}
    assert (event["transaction"], event["environment"]) == ("/crash", "test")
    frames = event["exception"]["values"][-1]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "crash"
    assert SECRET.encode() not in b"".join(request.body for request in sentry.requests)


async def test_workers_report_too(sentry: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn(sentry))
    [feature] = [feature for feature in FEATURES if feature.name == "sentry"]
    failures = Failures()

    async with feature.worker(State({"failures": failures})):
        failures.tell(ZeroDivisionError(SECRET), "items.export", "r-8")

    [event] = events(sentry)
    assert event["tags"] == {"request_id": "r-8", "route": "items.export"}
    assert failures.listeners == []


async def test_without_a_dsn_nobody_listens(app: FastAPI) -> None:
    assert "Reporter" not in [type(it).__name__ for it in app.state.failures.listeners]


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
    assert "Reporter" not in [type(it).__name__ for it in app.state.failures.listeners]
    assert "sentry_unusable" in logged
    assert SECRET not in logged


def test_a_bad_dsn_is_refused_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", f"https://{SECRET}.example")

    with pytest.raises(SettingsError, match=r"^SENTRY_DSN: is not a DSN") as raised:
        create_app()

    assert SECRET not in str(raised.value)
