"""The reason why the database is unavailable is logged and printed; callers get 503."""

import os
import socket
import time
from collections.abc import Generator
from typing import Any

import pytest
from sqlalchemy import URL, make_url

from app.cli import main
from app.db import engine
from tests.blueprint.factories import SPECIMENS
from tests.clients import connect
from tests.conftest import MakeApp
from tests.databases import free_port
from tests.problems import assert_problem

WRONG: list[tuple[dict[str, Any], dict[str, str], str]] = [
    ({"host": "no-such-host.invalid"}, {}, "The database at no-such-host.invalid:"),
    ({"port": free_port()}, {}, "cannot be reached"),
    ({"username": "unknown-role"}, {}, 'refuses the connection: role "unknown-role" does'),
    ({"database": "lost"}, {}, 'refuses the connection: database "lost" does not exist (3D000)'),
    ({}, {"sslmode": "require"}, "rejected SSL upgrade"),
    ({}, {"options": "-c no.such=1 -c no_such=1"}, "pooler set DB_PREPARED_STATEMENTS=false"),
    ({}, {"target_session_attrs": "standby"}, "None of the hosts match the target attribute"),
    ({"host": None, "port": None}, {"host": "/nowhere"}, "at /nowhere:5432 cannot be reached"),
    ({"database": "postgres"}, {}, "Is it the right database, and was `migrate` run?"),
]


@pytest.fixture(autouse=True)
def resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail at once for an unknown host: a resolver may need longer than the connect timeout."""
    resolve = socket.getaddrinfo

    def known(host: str | None, *rest: Any, **more: Any) -> Any:
        if host and host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", known)


def url_with(parts: dict[str, Any], options: dict[str, str]) -> str:
    url: URL = make_url(os.environ["DATABASE_URL"]).set(password="hunter2", **parts)
    query = {"sslmode": "disable"} | options
    return url.set(query=query).render_as_string(hide_password=False)


@pytest.mark.parametrize(("parts", "options", "reason"), WRONG)
async def test_a_request_is_a_503_and_the_log_says_why(
    parts: dict[str, Any],
    options: dict[str, str],
    reason: str,
    make_app: MakeApp,
    credentials: dict[str, str],
    capfd: pytest.CaptureFixture[str],
) -> None:
    app = await make_app(DATABASE_URL=url_with(parts, options))
    async with connect(app, credentials) as client:
        refused = await client.get(SPECIMENS)

    assert_problem(refused, 503, "dependency_unavailable")
    output = capfd.readouterr().out
    assert reason in output.replace('\\"', '"')
    assert "hunter2" not in output


@pytest.mark.parametrize(("parts", "options", "reason"), WRONG[:-1])
def test_a_command_says_why(
    parts: dict[str, Any],
    options: dict[str, str],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", url_with(parts, options))

    assert main(["migrate"]) == 2

    last = capfd.readouterr().err.splitlines()[-1]
    assert reason in last
    assert "hunter2" not in last


@pytest.fixture
def silent_port() -> Generator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.mark.parametrize("wanted", ["any", "primary", "read-write", "prefer-standby"])
async def test_a_silent_host_does_not_hide_the_next(
    silent_port: int, wanted: str, make_app: MakeApp, credentials: dict[str, str]
) -> None:
    real = make_url(os.environ["DATABASE_URL"])
    places = {"host": f"127.0.0.1,{real.host}", "port": f"{silent_port},{real.port}"}
    options = places | {"target_session_attrs": wanted}
    app = await make_app(DATABASE_URL=url_with({"host": None, "port": None}, options))

    async with connect(app, credentials) as client:
        answers = [await client.get(SPECIMENS) for _ in range(2)]
        started = time.monotonic()
        async with app.state.database.engine.connect(), app.state.database.engine.connect():
            seconds = time.monotonic() - started

    assert [answer.status_code for answer in answers] == [200, 200]
    if wanted != "prefer-standby":
        assert seconds < 1  # the host that answered is asked first


def test_hosts_that_refuse_leave_their_time_to_the_next() -> None:
    given: dict[str, float] = {}

    class Dialect:
        def connect(self, host: str, timeout: float, **_: object) -> str:
            given[host] = timeout
            if host != "c":
                raise ConnectionRefusedError
            return "connection"

    parameters = {"host": ["a", "b", "c"], "port": [1, 1, 1], "timeout": 30}
    assert engine.connect(Dialect(), None, (), parameters) == "connection"

    assert given["a"] <= 10
    assert 10 < given["b"] <= 15
    assert 15 < given["c"] <= 30


async def test_no_host_suits_if_all_are_of_another_kind(
    make_app: MakeApp, credentials: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    real = make_url(os.environ["DATABASE_URL"])
    places = {"host": f"{real.host},{real.host}", "port": f"{real.port},{real.port}"}
    options = places | {"target_session_attrs": "standby"}
    app = await make_app(DATABASE_URL=url_with({"host": None, "port": None}, options))

    async with connect(app, credentials) as client:
        assert_problem(await client.get(SPECIMENS), 503, "dependency_unavailable")

    assert "None of the hosts match the target attribute" in capfd.readouterr().out


def test_a_shorter_connect_timeout_is_used(
    silent_port: int, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    url = url_with({"port": silent_port}, {"connect_timeout": "1"})
    monkeypatch.setenv("DATABASE_URL", url)

    assert main(["migrate"]) == 2

    assert "does not answer within 1 s" in capfd.readouterr().err.splitlines()[-1]
