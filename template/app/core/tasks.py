"""Tasks that run as long as the service does."""

import asyncio
from collections.abc import Iterable

# Between attempts to end one.
PAUSE_SECONDS = 0.1


async def end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: drivers may take a cancellation for a failure of their own."""
    running = set(tasks)
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=PAUSE_SECONDS)
