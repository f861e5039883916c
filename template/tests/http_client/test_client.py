"""The HTTP client: retries, limits, and the headers it adds."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from httpx2 import AsyncClient
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from app.clients.environment import HttpClientSettings
from app.clients.http import (
    HttpClient,
    UpstreamTimeoutError,
    backoff,
    open_http_client,
    retry_after,
)
from tests.http_client.routes import CALL
from tests.http_client.upstream import Answer, Asked, Script, Upstream, good


@asynccontextmanager
async def opened(**settings: float) -> AsyncGenerator[HttpClient]:
    values = {f"http_client_{name}": value for name, value in settings.items()}
    options = HttpClientSettings.model_validate({"http_client_retry_seconds": 0.01, **values})
    async with open_http_client(options) as http:
        yield http


def fails(times: int, answer: Answer | None = None) -> Script:
    """Answer with an error several times, then with a good answer."""
    bad = answer or Answer(503)
    return lambda asked: bad if asked.number <= times else good(asked)


@pytest.mark.parametrize(
    "bad", [Answer(429), Answer(500), Answer(502), Answer(503), Answer(504), Answer(length=9)]
)
async def test_a_temporary_error_is_retried(upstream: Upstream, bad: Answer) -> None:
    upstream.script = fails(2, bad)

    async with opened() as http:
        reply = await http.request("GET", upstream.url)

    assert (reply.status, len(upstream.asked)) == (200, 3)


async def test_retries_are_limited(upstream: Upstream) -> None:
    upstream.script = fails(3)

    async with opened() as http:
        reply = await http.request("GET", upstream.url)

    assert (reply.status, len(upstream.asked)) == (503, 3)


@pytest.mark.parametrize(("method", "status"), [("POST", 503), ("GET", 404), ("GET", 200)])
async def test_final_statuses_and_unsafe_methods_are_not_retried(
    upstream: Upstream, method: str, status: int
) -> None:
    upstream.script = lambda _: Answer(status)

    async with opened() as http:
        reply = await http.request(method, upstream.url)

    assert (reply.status, len(upstream.asked)) == (status, 1)


async def test_retry_after_is_respected(upstream: Upstream) -> None:
    upstream.script = fails(1, Answer(503, headers={"Retry-After": "1"}))
    loop = asyncio.get_running_loop()
    started = loop.time()

    async with opened() as http:
        reply = await http.request("GET", upstream.url)

    assert reply.status == 200
    assert loop.time() - started >= 1


async def test_a_retry_after_beyond_the_timeout_fails_at_once(upstream: Upstream) -> None:
    upstream.script = fails(1, Answer(503, headers={"Retry-After": "60"}))

    async with opened() as http:
        reply = await asyncio.wait_for(http.request("GET", upstream.url), 30)

    assert (reply.status, len(upstream.asked)) == (503, 1)


async def test_concurrent_calls_are_limited(upstream: Upstream) -> None:
    upstream.script = lambda asked: Answer(body=good(asked).body, wait=0.05)

    async with opened(concurrency=3) as http:
        replies = await asyncio.gather(*(http.request("GET", upstream.url) for _ in range(12)))

    assert {reply.status for reply in replies} == {200}
    assert upstream.most == 3


async def test_the_wait_for_the_semaphore_times_out(upstream: Upstream) -> None:
    upstream.script = lambda _: Answer(wait=30)

    async with opened(concurrency=1, total_timeout=0.3) as http:
        calls = (http.request("GET", upstream.url) for _ in range(3))
        outcomes = await asyncio.gather(*calls, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [UpstreamTimeoutError] * 3


async def test_connections_are_reused(caller: AsyncClient, upstream: Upstream) -> None:
    for _ in range(3):
        assert (await caller.get(CALL)).status_code == 200

    assert len({asked.port for asked in upstream.asked}) == 1


async def test_the_request_id_is_propagated(caller: AsyncClient, upstream: Upstream) -> None:
    await caller.get(CALL, headers={"X-Request-ID": "from-afar"})

    assert upstream.asked[0].headers["x-request-id"] == "from-afar"


async def test_the_trace_is_propagated(upstream: Upstream) -> None:
    context = SpanContext(0xABC, 0xDEF, is_remote=False, trace_flags=TraceFlags(1))

    async with opened() as http:
        with trace.use_span(NonRecordingSpan(context)):
            await http.request("GET", upstream.url)

    assert upstream.asked[0].headers["traceparent"] == f"00-{0xABC:032x}-{0xDEF:016x}-01"


async def test_the_trace_of_the_client_is_forwarded_unchanged(
    caller: AsyncClient, upstream: Upstream
) -> None:
    sent = {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01", "tracestate": "mesh=7"}

    await caller.get(CALL, headers=sent | {"baggage": "secret=1"})
    await caller.get(CALL, headers={"traceparent": "00-nonsense"})

    first, second = (asked.headers for asked in upstream.asked)
    assert {name: first[name] for name in sent} == sent
    assert "baggage" not in first
    assert "traceparent" not in second


async def test_cookies_are_not_stored(caller: AsyncClient, upstream: Upstream) -> None:
    def script(asked: Asked) -> Answer:
        return Answer(body=good(asked).body, headers={"Set-Cookie": "who=alice; Path=/"})

    upstream.script = script
    await caller.get(CALL)
    await caller.get(CALL)

    assert [asked.headers.get("cookie") for asked in upstream.asked] == [None, None]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("", 0),
        ("7", 7),
        ("-1", 0),
        ("soon", 0),
        ("²", 0),
        ("1.5", 0),
        (f"Mon, 01 Jan {10**20} 00:00:00 GMT", 0),
        (f"Mon, 01 Jan 2035 00:00:00 +{10**20}", 0),
    ],
)
def test_retry_after_is_parsed(value: str, seconds: float) -> None:
    assert retry_after({"retry-after": value}) == seconds


@pytest.mark.parametrize(("distance", "seconds"), [(100, 100), (-100, 0)])
def test_retry_after_may_be_a_date(distance: int, seconds: int) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=distance)

    assert retry_after({"retry-after": format_datetime(moment)}) == pytest.approx(seconds, abs=2)


def test_the_backoff_grows_and_has_jitter() -> None:
    pauses = [backoff(1, attempt) for attempt in (0, 1, 2) for _ in range(20)]

    assert all(0.5 <= pause <= 1 for pause in pauses[:20])
    assert all(2 <= pause <= 4 for pause in pauses[40:])
    assert len(set(pauses)) > 50
