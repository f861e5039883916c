"""The service with more routes, which these tests need."""

import os
import threading
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path

import httpx2

from app.core.project import ROOT
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
    """Ask until the service says that it is going away; meanwhile nothing may fail."""
    seen: list[httpx2.Response] = []

    def drains() -> bool:
        seen.append(client.get("/health/ready"))
        return "shutdown" in seen[-1].json()["checks"]

    with httpx2.Client(base_url=service.url, timeout=20) as client:
        eventually(drains)
    return seen[-1]


class Visitor(threading.Thread):
    """Asks again and again, and comes again where nobody listens: all else is a failure."""

    def __init__(self, url: str, **headers: str) -> None:
        super().__init__(daemon=True)
        self.url = url
        self.headers = headers
        self.seen: Counter[str] = Counter()
        self.enough = threading.Event()

    def run(self) -> None:
        """Count what happens."""
        with httpx2.Client(headers=self.headers, timeout=20) as client:
            while not self.enough.wait(0.005):
                try:
                    self.seen[str(client.get(self.url).status_code)] += 1
                except httpx2.ConnectError:
                    self.seen["refused"] += 1
                except httpx2.TransportError as error:
                    self.seen[repr(error)] += 1

    def stop(self) -> Counter[str]:
        """Have it stop, and return what it has seen."""
        self.enough.set()
        self.join()
        return self.seen
