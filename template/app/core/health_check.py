"""Health checks of dependencies, bounded by the time that a readiness probe may take."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import structlog
from pydantic import Field

HEALTH_CHECK_TIMEOUT_SECONDS = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """The state of one dependency.

    Without it all requests fail (`down`), some of them (`degraded`), or none (`absent`).
    """

    status: Literal["ok", "absent", "degraded", "down"]
    latency_ms: Annotated[float | None, Field(examples=[1.8])] = None


class HealthCheck:
    """The health check of one dependency. Concurrent callers share one run of it.

    `check` raises if the dependency is unhealthy; its state is then `if_unhealthy`.
    """

    def __init__(
        self,
        check: Callable[[], Awaitable[object]],
        if_unhealthy: Literal["absent", "degraded", "down"] = "down",
    ) -> None:
        self.check = check
        self.if_unhealthy = Check(if_unhealthy)
        self.running: asyncio.Task[Check] | None = None

    async def run(self) -> Check:
        """Return the result within a second, whether the dependency answers or not."""
        if self.running is None or self.running.done():
            self.running = asyncio.create_task(self._run())
        done, _ = await asyncio.wait({self.running}, timeout=HEALTH_CHECK_TIMEOUT_SECONDS)
        return self.running.result() if done else self.if_unhealthy

    async def _run(self) -> Check:
        started = time.perf_counter()
        try:
            await self.check()
        except Exception as error:
            log.warning("health_check_failed", error=type(error).__name__)
            return self.if_unhealthy
        return Check("ok", latency_ms=round((time.perf_counter() - started) * 1000, 2))
