"""Health checks of dependencies, bounded by the time that a readiness probe may take."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import structlog
from pydantic import Field

BUDGET_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """The state of one dependency.

    Without it all requests fail (`down`), some of them (`degraded`), or none (`absent`).
    """

    status: Literal["ok", "absent", "degraded", "down"]
    latency_ms: Annotated[float | None, Field(examples=[1.8])] = None


class Probe:
    """The health check of one dependency. Concurrent callers share one run of it.

    `ask` raises if the dependency is unhealthy; its state is then `otherwise`.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[object]],
        otherwise: Literal["absent", "degraded", "down"] = "down",
    ) -> None:
        self.ask = ask
        self.otherwise = Check(otherwise)
        self.running: asyncio.Task[Check] | None = None

    async def check(self) -> Check:
        """Return the result within a second, whether the dependency answers or not."""
        if self.running is None or self.running.done():
            self.running = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self.running}, timeout=BUDGET_SECONDS)
        return self.running.result() if done else self.otherwise

    async def _ask(self) -> Check:
        started = time.perf_counter()
        try:
            await self.ask()
        except Exception as error:
            log.warning("probe_failed", error=type(error).__name__)
            return self.otherwise
        return Check("ok", latency_ms=round((time.perf_counter() - started) * 1000, 2))
