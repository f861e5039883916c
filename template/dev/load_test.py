"""`python -m dev.load_test URL`: a load test with a budget, explained in docs/load-test.md."""

import argparse
import asyncio
import sys
import time
from dataclasses import dataclass, field
from statistics import quantiles

import httpx2

from dev.project import LauncherError, say

# Of 1,000 requests, one may fail.
MAX_FAILURE_RATIO = 0.001
TIMEOUT_SECONDS = 30


@dataclass(slots=True)
class Result:
    """The requests to one path: how long they took, and how many of them failed."""

    milliseconds: list[float] = field(default_factory=list)
    failures: int = 0

    def percentile(self, percent: int) -> float:
        """Return the time within which so many of 100 requests were answered."""
        times = self.milliseconds
        return quantiles(times, n=100)[percent - 1] if len(times) > 1 else sum(times)

    def kept(self, budget: float) -> bool:
        """Whether 95 of 100 requests were within the budget, and hardly any failed."""
        number = len(self.milliseconds)
        allowed = number * MAX_FAILURE_RATIO
        return number > 0 and self.failures <= allowed and self.percentile(95) <= budget


async def load(
    url: str, paths: list[str], clients: int, seconds: float, headers: dict[str, str]
) -> dict[str, Result]:
    """Let clients request the paths in turn; each waits for an answer before it asks again."""
    results = {path: Result() for path in paths}
    limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients)
    end = time.monotonic() + seconds

    async def client_requests(client: httpx2.AsyncClient, first: int) -> None:
        number = first
        while time.monotonic() < end:
            path = paths[number % len(paths)]
            await _request(client, path, results[path])
            number += 1

    async with httpx2.AsyncClient(
        base_url=url, headers=headers, limits=limits, timeout=TIMEOUT_SECONDS
    ) as client:
        await asyncio.gather(*(client_requests(client, number) for number in range(clients)))
    return results


async def _request(client: httpx2.AsyncClient, path: str, result: Result) -> None:
    start = time.perf_counter()
    try:
        failed = (await client.get(path)).is_error
    except httpx2.TransportError:
        failed = True
    result.milliseconds.append((time.perf_counter() - start) * 1000)
    result.failures += failed


def report(results: dict[str, Result], seconds: float, budget: float) -> int:
    """Print a line for each path; return 1 if the budget was not kept."""
    print(f"{'a second':>9}{'failed':>8}{'50 %':>9}{'95 %':>9}{'99 %':>9}  path (milliseconds)")
    for path, result in results.items():
        times = "".join(f"{result.percentile(percent):9.1f}" for percent in (50, 95, 99))
        rate = len(result.milliseconds) / seconds
        print(f"{rate:9.0f}{result.failures:8}{times}  {path}")
    if all(result.kept(budget) for result in results.values()):
        return 0
    say(f"The budget was not kept: 95 % within {budget:g} ms, and one failure in 1,000 requests.")
    return 1


def log_in(url: str, email: str, password: str) -> dict[str, str]:
    """Return the header of a user. Raises `LauncherError` if the login fails."""
    form = {"username": email, "password": password}
    response = httpx2.post(f"{url}/api/v1/auth/login", data=form, timeout=TIMEOUT_SECONDS)
    if response.is_error:
        raise LauncherError(f"The login of {email} failed with {response.status_code}.")
    return {"Authorization": f"Bearer {response.json()['access_token']}"}


def positive(text: str) -> float:
    """Read a number above zero."""
    if (number := float(text)) <= 0:
        raise ValueError(text)
    return number


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit code."""
    parser = argparse.ArgumentParser(prog="just load-test", description="Test under load.")
    parser.add_argument("url", help="of the service, such as http://127.0.0.1:8000")
    parser.add_argument("paths", nargs="*", default=["/health/ready"], help="/health/ready")
    parser.add_argument("--clients", type=int, default=20, help="at the same time (20)")
    parser.add_argument("--seconds", type=positive, default=10, help="(10)")
    parser.add_argument("--budget", type=float, default=200, help="95 %% within so many ms (200)")
    parser.add_argument("--email", help="log in as this user")
    parser.add_argument("--password", default="", help="of that user")
    given = parser.parse_args(arguments)
    url = given.url.rstrip("/")
    try:
        httpx2.get(url, timeout=TIMEOUT_SECONDS)
        headers = log_in(url, given.email, given.password) if given.email else {}
        results = asyncio.run(load(url, given.paths, given.clients, given.seconds, headers))
    except httpx2.TransportError as error:
        say(f"{url} does not answer: {error}")
        return 2
    except LauncherError as error:
        say(str(error))
        return 2
    return report(results, given.seconds, given.budget)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
