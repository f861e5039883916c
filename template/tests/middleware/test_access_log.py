"""The access log: its lines are those of structlog, and it respects the settings."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from starlette.types import Scope
from structlog.contextvars import bound_contextvars

from app.core.config import Settings
from app.middleware.request_context import AccessLog
from tests.conftest import MakeApp


class Unknown:
    """Something that JSON has no form for."""

    def __repr__(self) -> str:
        return "<unknown>"


def request(**changes: Any) -> Scope:
    base = {"method": "GET", "path": "/books", "client": ("10.0.0.1", 1), "state": {}}
    return {"type": "http", **base, **changes}


def write(scope: Scope, status: int = 200, **settings: Any) -> None:
    AccessLog(Settings.load().model_copy(update=settings)).write(scope, status, 0.0123456)


def test_a_line_has_the_request_and_all_that_is_bound(capsys: pytest.CaptureFixture[str]) -> None:
    with bound_contextvars(request_id="r1", trace_id="t1", user_id="u1", extra=Unknown()):
        write(request())

    line = json.loads(capsys.readouterr().out)
    moment = datetime.fromisoformat(line.pop("timestamp"))
    assert abs(datetime.now(UTC) - moment) < timedelta(minutes=1)
    assert line == {
        "level": "info",
        "event": "request",
        "request_id": "r1",
        "trace_id": "t1",
        "extra": "<unknown>",
        "method": "GET",
        "path": "/books",
        "route": "unmatched",
        "status": 200,
        "duration_ms": 12.35,
        "client": "10.0.0.1",
        "user_id": "u1",
    }


async def test_a_line_has_the_form_of_all_other_lines(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await make_app()
    capsys.readouterr()

    structlog.get_logger("other").info("request", path="/\u00e9")
    write(request(path="/\u00e9"))

    other, line = capsys.readouterr().out.splitlines()
    common = {"event", "level", "path"}
    assert {name: json.loads(line)[name] for name in common} == {
        name: json.loads(other)[name] for name in common
    }
    assert "\\u00e9" in line  # ASCII: a terminal's encoding does not matter
    assert json.loads(line)["timestamp"][-1] == json.loads(other)["timestamp"][-1] == "Z"


@pytest.mark.parametrize(
    ("status", "quiet", "settings", "level"),
    [
        (200, False, {}, "info"),
        (404, False, {}, "info"),
        (500, False, {}, "error"),
        (200, True, {}, None),
        (401, True, {}, "info"),
        (200, True, {"log_level": "debug"}, "debug"),
        (200, True, {"debug": True}, "debug"),
        (200, False, {"log_level": "warning"}, None),
        (503, False, {"log_level": "error"}, "error"),
        (503, False, {"log_level": "critical"}, None),
    ],
)
def test_the_level_decides_what_is_written(
    capsys: pytest.CaptureFixture[str],
    status: int,
    quiet: bool,
    settings: dict[str, Any],
    level: str | None,
) -> None:
    write(request(state={"quiet": quiet}), status, **settings)

    written = capsys.readouterr().out
    assert (json.loads(written)["level"] if written else None) == level


def test_a_unix_socket_has_no_client(capsys: pytest.CaptureFixture[str]) -> None:
    write(request(client=None))

    assert json.loads(capsys.readouterr().out)["client"] is None
