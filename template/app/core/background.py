"""Background tasks that run as long as the service does."""

import asyncio
from collections.abc import Iterable

RETRY_SECONDS = 0.1


async def cancel_and_wait(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel the tasks until all have ended: a driver may mistake a cancellation for a failure."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=RETRY_SECONDS)
