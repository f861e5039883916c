"""How long a busy machine keeps this process from its work, which is nobody's fault here."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

TICK_SECONDS = 0.005


@dataclass(slots=True)
class Lag:
    """What the event loop has lost, in seconds."""

    seconds: float = 0.0

    async def measure(self) -> None:
        """Add up how much too late it wakes us."""
        while True:
            began = time.monotonic()
            await asyncio.sleep(TICK_SECONDS)
            self.seconds += time.monotonic() - began - TICK_SECONDS


@asynccontextmanager
async def measuring_lag() -> AsyncGenerator[Lag]:
    """Measure it until the end."""
    lag = Lag()
    task = asyncio.create_task(lag.measure())
    yield lag
    task.cancel()
