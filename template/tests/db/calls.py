"""Requests to a service whose database fails."""

import asyncio
import time
from collections import Counter
from typing import Any

from fastapi import FastAPI
from httpx2 import AsyncClient

from tests.blueprint.factories import SPECIMENS
from tests.problems import assert_problem
from tests.processes import until


async def timed(
    client: AsyncClient, method: str = "GET", path: str = SPECIMENS, **more: Any
) -> float:
    """Make a request that must be a 503; return the seconds it took."""
    began = time.monotonic()
    response = await client.request(method, path, **more)
    assert_problem(response, 503, "dependency_unavailable")
    return time.monotonic() - began


async def served_again(seen: Counter[int]) -> None:
    """Wait until one more read and one more change have been answered."""
    reads, changes = seen[200], seen[201]
    await until(lambda: seen[200] > reads and seen[201] > changes)


def connections(app: FastAPI) -> int:
    """How many connections requests hold."""
    return app.state.database.engine.pool.checkedout()


async def load(client: AsyncClient, seen: Counter[int], stop: asyncio.Event) -> None:
    """Read and write until `stop` is set, and count the statuses."""
    while not stop.is_set():
        body = {"name": f"Specimen {sum(seen.values())} {id(seen)}", "price": "1"}
        for response in (await client.get(SPECIMENS), await client.post(SPECIMENS, json=body)):
            seen[response.status_code] += 1
        await asyncio.sleep(0.005)
