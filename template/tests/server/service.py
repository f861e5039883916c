"""The service with additional routes for these tests."""

import os
import threading
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path

import httpx2

from app.core.config import ROOT
from tests.processes import Service, eventually, serving

EXTRA = Path(__file__).parent / "extra"
PATH = os.pathsep.join(map(str, (ROOT, EXTRA)))


def serving_more(folder: Path, **settings: str) -> AbstractContextManager[Service]:
    """Run the service with the routes of extra/sitecustomize.py, in all its processes."""
    folder.mkdir(exist_ok=True)
    return serving(folder, PYTHONPATH=PATH, **settings)


def answering(service: Service) -> int:
    """The process that answers a new connection."""
    return httpx2.get(f"{service.url}/process", timeout=20).json()


def wait_for_processes(service: Service, count: int) -> set[int]:
    """Wait until so many processes have answered: the first does before the others can."""
    seen: set[int] = set()

    def all_have_answered() -> bool:
        seen.add(answering(service))
        return len(seen) == count

    eventually(all_have_answered)
    return seen


def wait_until_draining(service: Service) -> httpx2.Response:
    """Poll readiness until the service drains; no poll may fail."""
    seen: list[httpx2.Response] = []

    def drains() -> bool:
        seen.append(client.get("/health/ready"))
        return "shutdown" in seen[-1].json()["checks"]

    with httpx2.Client(base_url=service.url, timeout=20) as client:
        eventually(drains)
    return seen[-1]


class Visitor(threading.Thread):
    """Sends requests in a loop, and counts statuses and errors.

    As a balancer does, it sends none while `/health/ready` is not 200, if it `follows_readiness`.
    """

    def __init__(self, url: str, *, follows_readiness: bool = True, **headers: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.follows_readiness = follows_readiness
        self.headers = headers
        self.seen: Counter[str] = Counter()
        self.enough = threading.Event()

    def run(self) -> None:
        """Send requests until `stop` is called."""
        with httpx2.Client(headers=self.headers, timeout=20) as client:
            while not self.enough.wait(0.005):
                if not self.follows_readiness or self.is_ready(client):
                    self.seen[outcome(client, self.url)] += 1

    def is_ready(self, client: httpx2.Client) -> bool:
        """Whether the service says that it is ready."""
        return outcome(client, str(httpx2.URL(self.url).join("/health/ready"))) == "200"

    def stop(self) -> Counter[str]:
        """Stop, and return the counts."""
        self.enough.set()
        self.join()
        return self.seen


def outcome(client: httpx2.Client, url: str) -> str:
    """Return the status of a request, `refused`, `no answer`, or the error of a broken answer."""
    try:
        return str(client.get(url).status_code)
    except httpx2.ConnectError:
        return "refused"
    except (httpx2.ReadError, httpx2.WriteError):
        return "no answer"
    except httpx2.TransportError as error:
        return "no answer" if "without sending a response" in str(error) else repr(error)
