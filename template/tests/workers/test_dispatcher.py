"""Dispatching jobs, which must never delay a request."""

import time
from collections.abc import Generator
from statistics import median
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient
from pydantic import SecretStr
from redis import Redis
from structlog.contextvars import bound_contextvars

from app.core.settings import SettingsError
from app.core.state import FastAPI
from app.workers import feature as module
from app.workers.feature import CeleryDispatcher, celery
from app.workers.settings import JobSettings, celery_config, transport_options
from tests.clients import connect
from tests.conftest import MakeApp, MakeClient
from tests.databases import closed_port
from tests.jobs.factories import CREATE, JOBS
from tests.processes import eventually
from tests.redis.servers import RedisServer
from tests.workers.inline import RecordingDispatcher, settings

BLINK = 0.05


def to(url: str) -> JobSettings:
    return settings(celery_broker_url=SecretStr(url))


@pytest.fixture
def celery_dispatcher(redis_server: RedisServer) -> Generator[CeleryDispatcher]:
    """A dispatcher to a Redis of the test's own."""
    dispatcher = CeleryDispatcher(to(redis_server.url))
    yield dispatcher
    dispatcher.close()


def messages(url: str) -> list[str]:
    with Redis.from_url(url, decode_responses=True) as client:
        return [text for key in client.keys("*:jobs") for text in client.lrange(key, 0, -1)]


def test_a_message_carries_the_id_and_the_request(
    celery_dispatcher: CeleryDispatcher, redis_server: RedisServer
) -> None:
    job_id = uuid4()

    with bound_contextvars(request_id="sent-by-client"):
        celery_dispatcher.dispatch(job_id)
    # Closing waits for two seconds only, and the first connection is made here.
    eventually(lambda: messages(redis_server.url) != [])

    (message,) = messages(redis_server.url)
    assert str(job_id) in message
    assert "sent-by-client" in message


def test_the_messages_that_wait_are_counted(
    celery_dispatcher: CeleryDispatcher, redis_server: RedisServer
) -> None:
    before = celery_dispatcher.count_messages()

    for _ in range(2):
        celery_dispatcher.dispatch(uuid4())
    eventually(lambda: len(messages(redis_server.url)) == 2)

    assert (before, celery_dispatcher.count_messages()) == (0, 2)


def test_the_messages_of_a_broker_that_is_down_are_not_counted() -> None:
    dispatcher = CeleryDispatcher(to(f"redis://127.0.0.1:{closed_port()}"))

    assert dispatcher.count_messages() is None


async def test_a_job_is_dispatched_after_the_commit(
    make_app: MakeApp, credentials: dict[str, str], dispatcher: RecordingDispatcher
) -> None:
    app = await make_app()
    app.state.job_queue = dispatcher

    async with connect(app, credentials) as client:
        asked = await client.post(JOBS, json=CREATE)

    assert dispatcher.dispatched == [UUID(asked.json()["id"])]


async def test_its_thread_starts_and_ends_with_the_service(
    celery_dispatcher: CeleryDispatcher,
) -> None:
    app = FastAPI()
    app.state.job_queue = celery_dispatcher

    async with celery.lifespan(app):
        thread = celery_dispatcher.thread.thread
        assert thread is not None
        assert thread.is_alive()

    assert not thread.is_alive()


def test_a_silent_redis_delays_no_caller(
    celery_dispatcher: CeleryDispatcher, redis_server: RedisServer
) -> None:
    with redis_server.frozen():
        started = time.monotonic()
        for _ in range(module.QUEUE_SIZE + 100):
            celery_dispatcher.dispatch(uuid4())
        dispatched = time.monotonic() - started
        celery_dispatcher.close()
        closed = time.monotonic() - started

    # With each of them, or in the end, Celery would wait for 19.
    assert dispatched < 10
    assert closed < dispatched + module.SHUTDOWN_TIMEOUT_SECONDS + 10


def test_a_redis_that_failed_is_not_asked_again_for_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 60 * module.PAUSE_SECONDS)
    dispatcher = CeleryDispatcher(to(f"redis://127.0.0.1:{closed_port()}"))
    dispatcher.connect()
    eventually(lambda: dispatcher.paused_until > 0)

    dispatcher.dispatch(uuid4())

    assert dispatcher.thread.queue.empty()
    dispatcher.close()


async def seconds_to_ask(client: AsyncClient) -> float:
    started = time.perf_counter()
    assert (await client.post(JOBS, json=CREATE)).status_code == 202
    return time.perf_counter() - started


async def test_adding_a_job_takes_no_longer_without_redis(
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


def test_an_invalid_broker_is_refused_without_showing_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CELERY_BROKER_URL", "http://user:secret@host")

    with pytest.raises(SettingsError, match="CELERY_BROKER_URL") as caught:
        JobSettings.load()

    assert "secret" not in str(caught.value)


def test_the_configuration_loses_no_message_and_repeats_none() -> None:
    configuration = celery_config(to("redis://127.0.0.1"))

    assert configuration["task_acks_late"]
    assert configuration["task_reject_on_worker_lost"]
    assert configuration["worker_prefetch_multiplier"] == 1
    assert configuration["accept_content"] == ["json"]
    assert configuration["task_time_limit"] > settings().job_timeout_seconds
    options = configuration["broker_transport_options"]
    assert options["visibility_timeout"] > configuration["task_time_limit"]
    assert "visibility_timeout" not in transport_options("amqp://host", 60)
