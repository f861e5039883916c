"""The Redis server of development, real or fake, which these tests start and stop."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from redis import Redis

from dev import redis
from dev.project import ROOT

pytestmark = pytest.mark.process

REAL = next(filter(None, map(shutil.which, redis.PROGRAMS)), None)
KINDS = [pytest.param(None, id="fake")]
if REAL:
    KINDS.append(pytest.param(REAL, id="real"))
HOLD = """
import sys, time
from pathlib import Path
from dev.redis import server
with server(Path(sys.argv[1])) as url:
    print(url, flush=True)
    time.sleep(60)
"""


@pytest.fixture(params=KINDS)
def directory(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """The folder of the server under test, once with each kind of server."""
    monkeypatch.setattr(shutil, "which", {Path(str(REAL)).name: request.param}.get)
    return tmp_path / "redis"


def client(url: str) -> Redis:
    return Redis.from_url(url, decode_responses=True)


def test_a_server_stores_values_and_stops_with_its_last_user(directory: Path) -> None:
    with redis.server(directory) as url:
        assert url.startswith("redis://127.0.0.1:")
        with client(url) as connected:
            connected.set("name", "tea", ex=60)
            assert connected.get("name") == "tea"
            assert 0 < connected.ttl("name") <= 60

    assert redis.find(directory) is None


def test_a_launch_waits_for_a_process_without_a_command_line_yet(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(psutil.Process, "cmdline", lambda _: [])
    directory.mkdir()

    started = redis.launch(directory, shutil.which(Path(str(REAL)).name))
    monkeypatch.undo()

    assert started
    started.stop()
    assert not started.answers()


def test_two_users_share_one_server(directory: Path) -> None:
    with redis.server(directory) as outer:
        with redis.server(directory) as inner:
            assert inner == outer

        with client(outer) as connected:
            assert connected.ping()


def test_scripts_run(directory: Path) -> None:
    with redis.server(directory) as url, client(url) as connected:
        assert connected.eval("return redis.call('incrby', KEYS[1], 2)", 1, "number") == 2


def test_a_blocked_client_does_not_block_another(directory: Path) -> None:
    with redis.server(directory) as url, client(url) as blocked, client(url) as other:
        subscription = blocked.pubsub()
        subscription.subscribe("news")

        assert other.publish("news", "tea") == 1


def test_a_server_of_a_killed_user_is_reused(directory: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(directory)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as user:
        assert user.stdout is not None
        url = user.stdout.readline().strip()
        user.kill()

    with redis.server(directory) as again:
        assert again == url
    assert redis.find(directory) is None


def test_a_killed_server_is_replaced(directory: Path) -> None:
    with redis.server(directory):
        killed = redis.find(directory)
        assert killed
        os.kill(killed.pid, signal.SIGKILL)

        with redis.server(directory) as url, client(url) as connected:
            assert connected.ping()


def test_one_line_names_the_server(directory: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with redis.server(directory) as url:
        port = url.removeprefix("redis://127.0.0.1:").removesuffix("/0")

    output = capfd.readouterr()
    assert output.out == ""
    assert output.err.splitlines()[0].startswith("Redis: ")
    assert output.err.splitlines()[0].endswith(f"on 127.0.0.1:{port}")
    assert len(output.err.splitlines()) == 1


def test_a_redis_url_in_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://redis.example/1")
    monkeypatch.setenv("TEST_REDIS_URL", "redis://redis.example/2")
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)

    with redis.development() as ours, redis.testing() as tests:
        assert (ours, tests) == ("redis://redis.example/1", "redis://redis.example/2")


@pytest.mark.parametrize(
    ("named", "used"),
    [
        ("redis://redis.example/2", "redis://redis.example/5"),
        ("rediss://user:p%2Fw@redis.example:7000", "rediss://user:p%2Fw@redis.example:7000/3"),
        ("redis://redis.example/?socket_timeout=3", "redis://redis.example/3?socket_timeout=3"),
    ],
)
def test_each_parallel_test_process_has_a_redis_database_of_its_own(
    monkeypatch: pytest.MonkeyPatch, named: str, used: str
) -> None:
    monkeypatch.setenv("TEST_REDIS_URL", named)
    monkeypatch.setenv("PYTEST_XDIST_WORKER", "gw3")

    with redis.testing() as url:
        assert url == used


def test_commands_receive_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://redis.example/1")
    print_url = [sys.executable, "-c", "import os; print(os.environ['REDIS_URL'])"]

    done = subprocess.run(
        [sys.executable, "-m", "dev", "run", *print_url],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "redis://redis.example/1"
