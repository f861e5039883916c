"""The metrics of requests, and the names of all."""

import asyncio
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import Message, Receive, Scope, Send

from app.core.exceptions import TooManyRequestsError
from app.core.http import UNMATCHED
from app.db.engine import pool_state
from app.observability.metrics import definitions, endpoint
from app.observability.metrics.middleware import MetricsMiddleware
from tests.blueprint.rows import add_specimen
from tests.clients import connect
from tests.conftest import MakeApp
from tests.metrics.scrape import scrape

SPECIMEN = "/api/v1/specimens/{specimen_id}"
REQUESTS = "http_requests_total"


async def crash() -> None:
    raise ZeroDivisionError("secret")


async def reject() -> None:
    raise TooManyRequestsError


async def unread() -> Message:
    raise AssertionError


async def test_requests_are_counted_by_method_route_and_status(
    client: AsyncClient, session: AsyncSession
) -> None:
    specimen, labels = await add_specimen(session), {"method": "GET", "route": SPECIMEN}
    before = await scrape(client)

    for asked in (specimen.id, specimen.id, uuid4()):
        await client.get(f"/api/v1/specimens/{asked}")

    after = await scrape(client)
    for status, number in (("200", 2), ("404", 1)):
        grown = after.value(REQUESTS, **labels, status=status)
        assert grown - before.value(REQUESTS, **labels, status=status) == number
    count = "http_request_duration_seconds_count"
    assert after.value(count, **labels) - before.value(count, **labels) == 3


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [("/health", "/health", "200"), ("/docs", "/docs", "200"), ("/no", UNMATCHED, "404")],
)
async def test_head_is_counted_as_what_it_is(
    anonymous: AsyncClient, path: str, route: str, status: str
) -> None:
    labels = {"method": "HEAD", "route": route, "status": status}
    before = await scrape(anonymous)

    await anonymous.head(path)

    after = await scrape(anonymous)
    assert after.value(REQUESTS, **labels) - before.value(REQUESTS, **labels) == 1


async def test_invented_methods_and_paths_add_few_time_series(anonymous: AsyncClient) -> None:
    before = await scrape(anonymous)

    for _ in range(50):
        await anonymous.get(f"/{uuid4()}/{uuid4()}")
        await anonymous.request(uuid4().hex[:8].upper(), "/health")
        await anonymous.request(uuid4().hex[:8].upper(), f"/{uuid4()}")

    after = await scrape(anonymous)
    assert len(after) - len(before) <= 5
    unmatched = {"method": "GET", "route": "unmatched", "status": "404"}
    assert after.value(REQUESTS, **unmatched) - before.value(REQUESTS, **unmatched) == 50


@pytest.mark.usefixtures("app")
async def test_a_request_is_counted_before_its_client_has_the_answer() -> None:
    labels = {"method": "GET", "route": UNMATCHED, "status": "299"}
    found: list[tuple[float | None, float | None]] = []

    async def two_parts(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b"Hel", "more_body": True})
        await send({"type": "http.response.body", "body": b"lo"})
        await send({"type": "http.response.body"})  # one too many is no other request

    async def look(_message: Message) -> None:
        read = definitions.REGISTRY.get_sample_value
        found.append((read(REQUESTS, labels), read("http_requests_in_progress")))

    scope = {"type": "http", "method": "GET", "path": "/"}
    await MetricsMiddleware(two_parts)(scope, unread, look)

    assert found == [(None, 1), (None, 1), (1, 0), (1, 0)]


async def test_scrapes_are_not_counted(anonymous: AsyncClient) -> None:
    await anonymous.get("/health/live")
    before = await scrape(anonymous)

    after = await scrape(anonymous)

    assert after.total(REQUESTS) == before.total(REQUESTS)
    assert after.value("http_requests_in_progress") == 0


async def test_an_unexpected_error_is_counted_once(make_app: MakeApp) -> None:
    app, labels = await make_app(), {"type": "ZeroDivisionError", "route": "/crash"}
    app.get("/crash")(crash)

    async with connect(app) as client:
        before = await scrape(client)
        await client.get("/crash")
        after = await scrape(client)

    errors = "app_errors_total"
    assert after.total(errors) - before.total(errors) == 1
    assert after.value(errors, **labels) - before.value(errors, **labels) == 1
    assert after.value(REQUESTS, method="GET", route="/crash", status="500") >= 1


async def test_429_is_counted(make_app: MakeApp) -> None:
    app = await make_app()
    app.get("/reject")(reject)

    async with connect(app) as client:
        before = await scrape(client)
        await client.get("/reject")
        after = await scrape(client)

    name = "rate_limited_total"
    assert after.value(name) - before.value(name) == 1


@pytest.mark.parametrize(
    "name",
    [
        "db_pool_connections",
        "db_pool_connections_limit",
        "http_requests_in_progress",
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "rate_limited_total",
        "websocket_connections",
    ],
)
async def test_a_metric_exists_from_the_start(anonymous: AsyncClient, name: str) -> None:
    assert name in (await scrape(anonymous)).names()


async def test_the_pool_and_the_process_are_measured(app: FastAPI, client: AsyncClient) -> None:
    engine = app.state.database.engine
    await client.get("/api/v1/specimens")

    samples = await scrape(client)
    async with engine.connect():
        busy = await scrape(client)

    assert samples.value("db_pool_connections", state="in_use") == 0
    assert samples.value("db_pool_connections", state="idle") >= 1
    assert busy.value("db_pool_connections", state="in_use") == 1
    assert samples.value("db_pool_connections_limit") == pool_state(engine).limit > 0
    assert samples.value("process_resident_memory_bytes") > 10_000_000
    assert samples.value("process_cpu_seconds_total") > 0


async def test_gauges_of_other_features_are_read(
    app: FastAPI, anonymous: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Of this app: a gauge belongs to the process, and another app would write it too.
    monkeypatch.setitem(app.state.gauges, "websocket_connections", lambda: 7)
    monkeypatch.setitem(app.state.gauges, "kettles_on", lambda: 2)
    samples = await scrape(anonymous)
    monkeypatch.setitem(app.state.gauges, "websocket_connections", lambda: 0)
    after = await scrape(anonymous)

    assert (samples.value("websocket_connections"), samples.value("kettles_on")) == (7, 2)
    assert after.value("websocket_connections") == 0


async def test_gauges_are_also_read_between_scrapes(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "INTERVAL_SECONDS", 0.01)
    app, read = await make_app(), asyncio.Event()

    app.state.gauges["kettles_off"] = lambda: read.set() or 0

    await asyncio.wait_for(read.wait(), 20)
