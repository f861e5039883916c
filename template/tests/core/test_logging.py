"""Log lines on stdout."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from tests.processes import Service, environment, eventually, serving

SECRET = "hunter2"
# Stands for any library that logs.
LOG_LIKE_A_LIBRARY = """
import logging
from app.core.config import Settings
from app.core.logging import configure_logging
configure_logging(Settings.load())
logging.getLogger("library").warning("the %s is hot", "tea")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("library").exception("broken")
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    """One service for all tests here."""
    with serving(tmp_path_factory.mktemp("service")) as service:
        yield service


def request(service: Service, path: str, **headers: str) -> list[dict[str, Any]]:
    """Make a request, and return the lines it has caused."""
    sent = httpx2.get(f"{service.url}{path}", headers=headers).headers["x-request-id"]

    def lines() -> list[dict[str, Any]]:
        return [line for line in service.lines() if line.get("request_id") == sent]

    eventually(lambda: bool(lines()))
    return lines()


def log_like_a_library(folder: Path, script: str = LOG_LIKE_A_LIBRARY, **settings: str) -> str:
    command = [sys.executable, "-c", script]
    env = environment(**settings)
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True).stdout


def test_a_request_is_logged_in_one_line(service: Service) -> None:
    began = time.monotonic()
    [line] = request(service, "/health/live")
    took_ms = (time.monotonic() - began) * 1000

    logged = {name: line[name] for name in ("level", "event", "method", "path", "route", "status")}
    assert logged == {
        "level": "info",
        "event": "request",
        "method": "GET",
        "path": "/health/live",
        "route": "/health/live",
        "status": 200,
    }
    assert (line["user_id"], line["client"]) == (None, "127.0.0.1")
    assert 0 < line["duration_ms"] < took_ms


def test_times_are_utc(service: Service) -> None:
    [line] = request(service, "/health")

    time = datetime.fromisoformat(line["timestamp"])
    assert time.utcoffset() == timedelta()
    assert abs(datetime.now(UTC) - time) < timedelta(minutes=1)


def test_a_route_is_its_template(service: Service) -> None:
    [known] = request(service, f"/api/v1/specimens/{uuid4()}")
    [document] = request(service, "/api/v1/openapi.json")
    [unknown] = request(service, "/nothing/42")

    assert document["route"] == "/api/v1/openapi.json"
    assert known["route"] == "/api/v1/specimens/{specimen_id}"
    assert unknown["route"] == "unmatched"


def test_neither_queries_nor_credentials_are_logged(service: Service) -> None:
    request(service, f"/api/v1/specimens?token={SECRET}", Authorization=f"Bearer {SECRET}")

    assert SECRET not in service.output.read_text()


def test_the_servers_own_lines_have_the_same_format(service: Service) -> None:
    lines = service.lines()

    assert any(line["event"] != "request" for line in lines)
    assert all({"timestamp", "level", "event"} <= line.keys() for line in lines)


def test_the_lines_of_libraries_have_the_same_format(tmp_path: Path) -> None:
    warning, error = map(json.loads, log_like_a_library(tmp_path).splitlines())

    assert (warning["event"], warning["level"]) == ("the tea is hot", "warning")
    assert (error["event"], error["level"]) == ("broken", "error")
    assert "ZeroDivisionError" in error["exception"]


def test_a_line_for_the_console_starts_with_method_path_and_status(tmp_path: Path) -> None:
    with serving(tmp_path, LOG_FORMAT="console", NO_COLOR="1") as service:
        httpx2.get(f"{service.url}/nothing/42")
        httpx2.get(f"{service.url}/health/live")
        eventually(lambda: "/health/live" in service.output.read_text())

    lines = service.output.read_text().splitlines()
    [missing] = [line for line in lines if "/nothing/42" in line]
    assert re.match(r"\d\d:\d\d:\d\d \[info +\] GET /nothing/42 404 in \d+ ms ", missing)
    assert max(map(len, lines)) <= 120


def test_a_traceback_for_the_console_shows_no_values_of_variables(tmp_path: Path) -> None:
    script = LOG_LIKE_A_LIBRARY.replace("1 / 0", "password = 'hunter2'; 1 / 0")
    output = log_like_a_library(tmp_path, script, LOG_FORMAT="console")

    assert "ZeroDivisionError: division by zero" in output
    assert output.count(SECRET) <= 1  # the line of code, not the variable


def test_the_console_format_respects_the_level(tmp_path: Path) -> None:
    output = log_like_a_library(tmp_path, LOG_FORMAT="console", LOG_LEVEL="ERROR")

    assert "broken" in output
    assert "the tea is hot" not in output
    assert not output.startswith("{")
