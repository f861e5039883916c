"""Metrics of two processes are the sum of both, whichever is scraped."""

from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx2
import pytest

from tests.metrics.scrape import Samples, parse
from tests.processes import Service, serving

LIVE = {"method": "GET", "route": "/health/live", "status": "200"}
UNMATCHED = {"method": "GET", "route": "unmatched", "status": "404"}
REQUESTS = "http_requests_total"
CLIENTS = 4


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with serving(folder, WEB_CONCURRENCY="2", RATE_LIMIT_ENABLED="false") as service:
        yield service


def read(service: Service) -> Samples:
    return parse(httpx2.get(f"{service.url}/metrics").text)


def ask(service: Service, paths: list[str]) -> None:
    """Request every path, some at once, so that both processes get requests."""

    def some(mine: list[str]) -> None:
        for path in mine:  # a connection each: it stays with one process
            with httpx2.Client(base_url=service.url, verify=False) as client:
                for one in path.split():
                    client.get(one)

    bundles = [" ".join(paths[start : start + 50]) for start in range(0, len(paths), 50)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(some, [bundles[start::CLIENTS] for start in range(CLIENTS)]))


def test_a_thousand_requests_are_a_thousand(service: Service) -> None:
    before = read(service)

    ask(service, ["/health/live"] * 1000)

    assert read(service).value(REQUESTS, **LIVE) - before.value(REQUESTS, **LIVE) == 1000


def test_ten_thousand_made_up_paths_add_hardly_a_series(service: Service) -> None:
    before = read(service)

    ask(service, [f"/{uuid4()}/{number}" for number in range(10_000)])

    after = read(service)
    assert after.value(REQUESTS, **UNMATCHED) - before.value(REQUESTS, **UNMATCHED) == 10_000
    assert len(after) - len(before) <= 5
