"""Chaos tests: a deployed service with every feature loses nothing when its parts fail.

Times are the defaults of the settings: a lease of 30 s, and 15 s until a job is dispatched again.
"""

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import httpx2
import psutil
import pytest

from tests.chaos.stage import PASSWORD, Stage, staged
from tests.conftest import Render
from tests.processes import until

pytestmark = pytest.mark.service

LEASE_AND_GRACE = 30 + 15
MAIL = "order_confirmation"
# A backlog of hundreds of jobs, or five attempts with their leases, next to eight other tests.
LATEST_SECONDS = 300


@pytest.fixture(scope="module")
def stage(render: Render, tmp_path_factory: pytest.TempPathFactory) -> Generator[Stage]:
    """Return a running service with every feature."""
    folder = tmp_path_factory.mktemp("chaos")
    project = Path(shutil.copytree(render(preset="full"), folder / "project", symlinks=True))
    with staged(project, folder) as stage:
        yield stage


@pytest.fixture(scope="module")
def api(stage: Stage) -> Generator[httpx2.Client]:
    """Return a client of the superuser."""
    with stage.client(**stage.log_in()) as client:
        yield client


def ask(api: httpx2.Client, **payload: Any) -> httpx2.Response:
    return api.post("/jobs", json={"type": "chaos", "payload": payload})


def post(api: httpx2.Client, **payload: Any) -> str:
    """Create a job, and return its id."""
    answer = ask(api, **payload)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def job(api: httpx2.Client, job_id: str) -> dict[str, Any]:
    return api.get(f"/jobs/{job_id}").raise_for_status().json()


def wait(api: httpx2.Client, job_id: str, status: str, seconds: float) -> dict[str, Any]:
    """Wait for a status, also while the service restarts."""

    def found() -> dict[str, Any] | None:
        try:
            answer = job(api, job_id)
        except httpx2.HTTPError:
            return None
        return answer if answer["status"] == status else None

    return until(found, seconds)


def effects(api: httpx2.Client, name: str) -> int:
    """Return the number of items that the attempts at a job have added."""
    return api.get("/items", params={"q": f"{name} "}).raise_for_status().json()["total"]


def p99(durations: list[float]) -> float:
    return quantiles(durations, n=100)[98]


def timed(request: Callable[[], httpx2.Response], expected: int) -> float:
    begun = time.monotonic()
    answer = request()
    assert answer.status_code == expected, answer.text
    return time.monotonic() - begun


def test_killed_workers_and_a_restarted_database_lose_no_job(
    stage: Stage, api: httpx2.Client
) -> None:
    first = stage.start_worker("first")
    orphan = post(api, name="orphan", seconds=4)
    wait(api, orphan, "running", 30)
    (child,) = psutil.Process(first.pid).children()
    child.kill()
    lost = post(api, name="lost", seconds=4)
    wait(api, lost, "running", 30)
    stage.end(first)
    begun = time.monotonic()
    stage.start_worker("second")
    stage.start_worker("third")
    restarted = post(api, name="restarted", seconds=4)
    wait(api, restarted, "running", 30)
    stage.postgres("restart")

    for killed in (orphan, lost):
        assert wait(api, killed, "succeeded", LEASE_AND_GRACE + 15)["attempts"] == 2
    wait(api, restarted, "succeeded", LEASE_AND_GRACE + 15)
    assert [effects(api, name) for name in ("orphan", "lost", "restarted")] == [1, 1, 1]
    assert time.monotonic() - begun < LEASE_AND_GRACE + 15


def test_an_emptied_redis_loses_no_job(stage: Stage, api: httpx2.Client) -> None:
    ids = [post(api, name=f"flushed {number}") for number in range(20)]
    command = ["redis-cli", "-p", str(stage.redis_port), "FLUSHALL"]

    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    assert [wait(api, each, "succeeded", 60)["attempts"] for each in ids] == [1] * 20


@pytest.mark.thorough
def test_without_redis_the_service_is_as_fast_as_with_it(stage: Stage, api: httpx2.Client) -> None:
    item = api.post("/items", json={"name": "watched", "price": "1.00"}).json()["id"]
    numbers = count(1)
    create = lambda: ask(api, name=f"quick {next(numbers)}")  # noqa: E731
    read = lambda: api.get(f"/items/{item}")  # noqa: E731
    before = [timed(create, 202) for _ in range(200)]
    reads_before = [timed(read, 200) for _ in range(200)]
    stage.stop_redis()
    down = time.monotonic()

    during, reads = [], []
    while time.monotonic() - down < 20:
        during.append(timed(create, 202))
        reads.append(timed(read, 200))
        time.sleep(0.05)  # a few hundred jobs are enough: they all have to be done afterwards
    wrong = {"username": "unknown@example.com", "password": "not the password"}
    with stage.client() as stranger:
        logins = [stranger.post("/auth/login", data=wrong).status_code for _ in range(20)]
    ready = httpx2.get(f"{stage.url}/health/ready").json()["status"]
    stage.start_redis()
    last = post(api, name="after the outage")

    # As fast as before. The slowest may be due to the machine, but none has waited for Redis:
    # Celery would for 19 s.
    assert median(during) < 2 * median(before) + 0.05, (p99(during), p99(before))
    assert median(reads) < 2 * median(reads_before) + 0.05, (p99(reads), p99(reads_before))
    assert max(reads + during) < 10
    # Each of the two processes counts for itself.
    assert (logins[0], logins[-1], 5 <= logins.count(401) <= 10) == (401, 429, True)
    assert ready == "degraded"
    wait(api, last, "succeeded", LATEST_SECONDS)
    until(lambda: effects(api, "quick") == len(before) + len(during), LATEST_SECONDS)


def test_fifty_requests_of_one_idempotency_key_make_one_job(
    stage: Stage, api: httpx2.Client
) -> None:
    key = {**api.headers, "Idempotency-Key": "chaos-1"}
    body = {"type": "chaos", "payload": {"name": "idempotent"}}

    def ask(_: int) -> str:
        url = f"{stage.url}/api/v1/jobs"
        return httpx2.post(url, json=body, headers=key, timeout=60).json()["id"]

    with ThreadPoolExecutor(50) as pool:
        ids = set(pool.map(ask, range(50)))

    assert len(ids) == 1
    wait(api, ids.pop(), "succeeded", 60)
    assert effects(api, "idempotent") == 1


def test_every_process_reads_a_change_at_once(stage: Stage, api: httpx2.Client) -> None:
    path = f"/items/{api.post('/items', json={'name': 'cached', 'price': '0.00'}).json()['id']}"

    def price(_: int) -> str:
        url = f"{stage.url}/api/v1{path}"
        return httpx2.get(url, headers=api.headers, timeout=60).json()["price"]

    with ThreadPoolExecutor(10) as pool:
        for number in range(4):
            api.patch(path, json={"price": f"{number}.50"}).raise_for_status()
            assert set(pool.map(price, range(50))) == {f"{number}.50"}


def test_two_processes_share_one_limit_whatever_the_client_sends(
    stage: Stage, api: httpx2.Client
) -> None:
    def answers(number: int) -> Counter[int]:
        account = {"email": f"limited-{number}@example.com", "password": PASSWORD}
        api.post("/users", json=account).raise_for_status()
        own = stage.log_in(account["email"])

        def ask(hop: int) -> int:
            headers = {**own, "X-Forwarded-For": f"203.0.113.{hop}"}
            url = f"{stage.url}/api/v1/statistics"
            return httpx2.get(url, headers=headers, timeout=60).status_code

        with ThreadPoolExecutor(10) as pool:
            return Counter(pool.map(ask, range(40)))

    for number in range(10):
        before, found = stage.redis_failures(), answers(number)
        # While Redis is too slow, on a busy machine, each process counts for itself.
        if stage.redis_failures() == before:
            break

    assert found == {200: 10, 429: 30}


def test_a_rollback_sends_no_mail_and_a_commit_sends_one(stage: Stage, api: httpx2.Client) -> None:
    mail = Path(stage.environment["EMAIL_FILE_DIR"])
    item = {"name": "ordered", "price": "1.00", "stock": 1}
    line = {"item_id": api.post("/items", json=item).json()["id"], "quantity": 1}
    jobs = api.get("/jobs").json()["total"]

    orders = [api.post("/orders", json={"lines": [line]}).status_code for _ in range(3)]

    assert orders == [201, 409, 409]
    until(lambda: list(mail.glob("*.json")), 60)
    time.sleep(1)
    assert len([path for path in mail.iterdir() if MAIL in path.read_text()]) == 1
    assert api.get("/jobs").json()["total"] in (jobs, jobs + 1)


@pytest.mark.thorough
def test_a_job_that_kills_its_worker_fails_after_five_attempts(api: httpx2.Client) -> None:
    poison = post(api, name="poison", crash=True)

    failed = wait(api, poison, "failed", LATEST_SECONDS)

    assert (failed["attempts"], effects(api, "poison")) == (5, 0)
    assert "Zero" not in failed["error"]


def test_a_stopping_worker_finishes_its_job_or_releases_it(
    stage: Stage, api: httpx2.Client
) -> None:
    last = post(api, name="stopping", seconds=3)
    wait(api, last, "running", 60)

    for worker in stage.workers[1:]:
        worker.terminate()
    codes = [worker.wait(60) for worker in stage.workers[1:]]

    assert codes == [0, 0]
    assert (job(api, last)["status"], effects(api, "stopping")) == ("succeeded", 1)
