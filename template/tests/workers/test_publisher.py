"""Announcing jobs, which must never hold up a request."""

import time
from collections.abc import Generator
from statistics import median
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pydantic import SecretStr
from redis import Redis
from structlog.contextvars import bound_contextvars

from app.core.settings import SettingsError
from app.workers import publisher as module
from app.workers.config import celery_config, transport_options
from app.workers.feature import celery
from app.workers.publisher import Publisher
from app.workers.settings import JobSettings
from tests.clients import connect
from tests.conftest import MakeApp, MakeClient
from tests.databases import closed_port
from tests.jobs.factories import EXPORT, JOBS
from tests.processes import eventually
from tests.redis.servers import RedisServer
from tests.workers.inline import Notes, settings

BLINK = 0.05


def to(url: str) -> JobSettings:
    return settings(celery_broker_url=SecretStr(url))


@pytest.fixture
def publisher(redis_server: RedisServer) -> Generator[Publisher]:
    """Announces to a Redis of the test's own."""
    publisher = Publisher(to(redis_server.url))
    yield publisher
    publisher.close()


def messages(url: str) -> list[str]:
    with Redis.from_url(url, decode_responses=True) as client:
        (key,) = client.keys("*:jobs")
        return client.lrange(key, 0, -1)


def test_a_message_carries_the_id_and_the_request(
    publisher: Publisher, redis_server: RedisServer
) -> None:
    job_id = uuid4()

    with bound_contextvars(request_id="told-by-caller"):
        publisher.announce(job_id)
    publisher.close()

    (message,) = messages(redis_server.url)
    assert str(job_id) in message
    assert "told-by-caller" in message


async def test_a_job_is_announced_when_it_is_committed(
    make_app: MakeApp, credentials: dict[str, str], notes: Notes
) -> None:
    app = await make_app()
    app.state.job_queue = notes

    async with connect(app, credentials) as client:
        asked = await client.post(JOBS, json=EXPORT)

    assert notes.announced == [UUID(asked.json()["id"])]


async def test_its_thread_begins_and_ends_with_the_service(publisher: Publisher) -> None:
    app = FastAPI()
    app.state.job_queue = publisher

    async with celery.lifespan(app):
        thread = publisher.thread
        assert thread is not None
        assert thread.is_alive()

    assert not thread.is_alive()


def test_a_silent_redis_holds_up_nobody(publisher: Publisher, redis_server: RedisServer) -> None:
    with redis_server.frozen():
        started = time.monotonic()
        for _ in range(module.WAITING + 100):
            publisher.announce(uuid4())
        announced = time.monotonic() - started
        publisher.close()
        closed = time.monotonic() - started

    # With each of them, or in the end, Celery would wait for 19.
    assert announced < 10
    assert closed < announced + module.FAREWELL_SECONDS + 10


def test_a_redis_that_failed_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 60 * module.PAUSE_SECONDS)
    publisher = Publisher(to(f"redis://127.0.0.1:{closed_port()}"))
    publisher.warm()
    eventually(lambda: publisher.closed_until > 0)

    publisher.announce(uuid4())

    assert publisher.waiting.empty()
    publisher.close()


async def seconds_to_ask(client: AsyncClient) -> float:
    started = time.perf_counter()
    assert (await client.post(JOBS, json=EXPORT)).status_code == 202
    return time.perf_counter() - started


async def test_asking_for_a_job_takes_no_longer_without_redis(
    make_client: MakeClient, redis_server: RedisServer
) -> None:
    usual, without = await make_client(), await make_client(REDIS_URL=redis_server.url)
    redis_server.stop()

    # In turn: whatever else the machine does slows down both.
    times = [[await seconds_to_ask(client) for client in (usual, without)] for _ in range(40)]

    asked, asked_without = map(median, zip(*times, strict=True))
    assert asked_without < 2 * asked + BLINK


def test_the_broker_is_redis_unless_another_is_named() -> None:
    redis, other = SecretStr("redis://one"), SecretStr("amqp://two")

    assert settings(redis_url=redis).broker == "redis://one"
    assert settings(redis_url=redis, celery_broker_url=other).broker == "amqp://two"
    assert settings(redis_url=None).broker is None


def test_a_broker_that_is_none_is_refused_without_telling_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "http://user:secret@host")

    with pytest.raises(SettingsError, match="CELERY_BROKER_URL") as caught:
        JobSettings.load()

    assert "secret" not in str(caught.value)


def test_nothing_is_lost_or_done_twice_by_the_configuration() -> None:
    configuration = celery_config(to("redis://127.0.0.1"))

    assert configuration["task_acks_late"]
    assert configuration["task_reject_on_worker_lost"]
    assert configuration["worker_prefetch_multiplier"] == 1
    assert configuration["accept_content"] == ["json"]
    assert configuration["task_time_limit"] > settings().job_timeout_seconds
    options = configuration["broker_transport_options"]
    assert options["visibility_timeout"] > configuration["task_time_limit"]
    assert "visibility_timeout" not in transport_options("amqp://host", 60)
