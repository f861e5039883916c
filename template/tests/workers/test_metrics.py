"""The port on which workers are scraped."""

import re
import socket
from collections.abc import Generator
from io import BytesIO, StringIO
from threading import Thread
from wsgiref.handlers import SimpleHandler

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from app.observability.metrics import definitions
from app.observability.metrics.feature import MetricsSettings
from app.workers.metrics.feature import QuietHandler, metrics_app, open_server
from tests.databases import free_port
from tests.jobs.factories import NEVER
from tests.metrics.scrape import parse
from tests.processes import ATTEMPTS, eventually
from tests.redis.servers import RedisServer
from tests.workers.conftest import MakeScript, WaitFor
from tests.workers.worker_process import Worker, running_worker

pytestmark = pytest.mark.process

TOKEN = "a-token"


@pytest.fixture(scope="module")
def port(
    app: FastAPI, broker: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Generator[int]:
    """The port of a worker with metrics."""
    settings = {"METRICS_TOKEN": TOKEN, "JOB_MAX_ATTEMPTS": "1"}
    for _ in range(ATTEMPTS):  # another program may take the port first
        settings["WORKER_METRICS_PORT"] = str(port := free_port())
        with running_worker(tmp_path_factory.mktemp("worker"), broker.url, **settings) as worker:
            if listens(worker, port):
                yield port
                break


def listens(worker: Worker, port: int) -> bool:
    """Wait until it can be scraped; False if its port is taken."""

    def connects() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    eventually(lambda: "worker_metrics_unavailable" in worker.events() or connects())
    return "worker_metrics_unavailable" not in worker.events()


def read(port: int, token: str = TOKEN) -> str:
    headers = {"Authorization": f"Bearer {token}"}
    response = httpx2.get(f"http://127.0.0.1:{port}/metrics", headers=headers)
    assert response.status_code == (200 if token == TOKEN else 401)
    return response.text


def test_metrics_without_values_are_described(port: int) -> None:
    assert "# TYPE job_duration_seconds histogram" in read(port).splitlines()


async def test_attempts_and_errors_of_all_its_processes_are_counted(
    script: MakeScript, wait_for: WaitFor, port: int, session: AsyncSession
) -> None:
    jobs = [await script({"end": end}, announced_at=NEVER) for end in ("success", "crash")]

    for job, status in zip(jobs, ("succeeded", "failed"), strict=True):
        await wait_for(job.id, status=status)

    samples = parse(read(port))
    error = {"type": "ZeroDivisionError", "route": "test.script"}
    assert samples.value("app_errors_total", **error) == 1
    assert samples.value("job_duration_seconds_count", type="test.script") == 2
    assert samples.value("process_resident_memory_bytes") > 10_000_000


def test_the_port_needs_the_token(port: int) -> None:
    assert read(port, "nonsense") == ""


def test_each_answer_has_its_own_length(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, environ = metrics_app(MetricsSettings()), {"SERVER_PROTOCOL": "HTTP/1.1"}

    for text in (b"few", b"many more"):
        monkeypatch.setattr(definitions, "render", lambda _, text=text: text)
        SimpleHandler(BytesIO(), sent := BytesIO(), StringIO(), environ).run(metrics)

        assert re.findall(rb"Content-Length: (\d+)", sent.getvalue()) == [b"%d" % len(text)]


@pytest.mark.parametrize(
    ("host", "asked"), [("::", "127.0.0.1"), ("::", "[::1]"), ("127.0.0.1", "127.0.0.1")]
)
def test_the_port_is_opened_at_host(host: str, asked: str) -> None:
    with open_server(host, 0, metrics_app(MetricsSettings(metrics_token=SecretStr(TOKEN)))) as own:
        Thread(target=own.handle_request).start()

        answer = httpx2.get(f"http://{asked}:{own.server_port}/metrics")

    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_an_idle_connection_is_closed_and_delays_no_scrape(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(QuietHandler, "timeout", 1)
    metrics = metrics_app(MetricsSettings(metrics_token=SecretStr(TOKEN)))
    with open_server("127.0.0.1", 0, metrics) as own:
        Thread(target=own.serve_forever, daemon=True).start()
        with socket.create_connection(("127.0.0.1", own.server_port), timeout=20) as idle:
            answered = {read(own.server_port, "nonsense") for _ in range(3)}
            ended = idle.recv(1)
        own.shutdown()

    assert (answered, ended) == ({""}, b"")
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("header", "challenge"),
    [("Bearer nonsense", 'Bearer error="invalid_token"'), ("Basic YTpi", "Bearer"), ("", "Bearer")],
)
def test_a_wrong_token_and_none_get_different_challenges(header: str, challenge: str) -> None:
    answered: list[tuple[str, str]] = []
    metrics = metrics_app(MetricsSettings(metrics_token=SecretStr(TOKEN)))

    metrics({"HTTP_AUTHORIZATION": header}, lambda _, headers: answered.extend(headers))

    assert answered == [("WWW-Authenticate", challenge)]
