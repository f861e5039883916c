"""/health: checks for load balancers, orchestrators and operators."""

import asyncio
import os
import shutil
from datetime import UTC, datetime
from typing import Annotated, Literal

import psutil
from fastapi import Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncEngine

from app.api.deps import PrefixRouter
from app.core.config import PROJECT
from app.core.feature import Check
from app.core.state import Request
from app.db.engine import Pool, pool_state
from app.servers.shutdown import is_draining

router = PrefixRouter(prefix="/health", tags=["Health"])
detailed_router = PrefixRouter(prefix="/health", tags=["Health"])

PROCESS = psutil.Process()


class Health(BaseModel):
    """The service responds."""

    status: Literal["healthy"] = "healthy"
    version: str = PROJECT.version
    timestamp: datetime


class Liveness(BaseModel):
    """The process runs."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether the service accepts requests."""

    status: Literal["ready", "degraded", "not_ready"]
    checks: dict[str, Check]


class Diagnostics(BaseModel):
    """Sizes are in bytes, shares in percent."""

    pool: Pool | None
    memory_bytes: Annotated[int, Field(examples=[96468992])]
    cpu_percent: Annotated[float, Field(examples=[3.5])]
    load_average: Annotated[
        list[float], Field(min_length=3, max_length=3, examples=[[0.8, 0.5, 0.4]])
    ]
    disk_free_bytes: Annotated[int, Field(examples=[21474836480])]


class HealthDetails(Readiness):
    """Readiness, and what the process uses."""

    version: str = PROJECT.version
    diagnostics: Diagnostics


@router.get("/live")
async def get_liveness() -> Liveness:
    """Check that the process runs. Dependencies are not checked: a restart would not fix them."""
    return Liveness()


@router.get("")
async def get_health() -> Health:
    """Return the version of the service."""
    return Health(timestamp=datetime.now(UTC))


@router.get(
    "/ready",
    responses={503: {"model": Readiness, "description": "The service accepts no requests"}},
)
async def get_readiness(request: Request, response: Response) -> Readiness:
    """Check whether the service accepts requests: 503 without database, or while shutting down."""
    readiness = await assess(request)
    if readiness.status == "not_ready":
        response.status_code = 503
    response.headers["Cache-Control"] = "no-store"
    return readiness


@detailed_router.get("/detailed")
async def get_health_details(request: Request, response: Response) -> HealthDetails:
    """Return latencies, pool, memory, CPU and disk. For operators."""
    readiness = await assess(request)
    response.headers["Cache-Control"] = "no-store"
    return HealthDetails(
        status=readiness.status,
        checks=readiness.checks,
        diagnostics=diagnose(request.app.state.database.engine),
    )


async def assess(request: Request) -> Readiness:
    """Check every dependency. Only the database and a shutdown make the service not ready."""
    health_checks = request.app.state.health_checks
    results = await asyncio.gather(*(check.run() for check in health_checks.values()))
    checks = dict(zip(health_checks, results, strict=True))
    if is_draining():
        checks["shutdown"] = Check("down")
    states = {check.status for check in checks.values()}
    if "down" in states:
        return Readiness(status="not_ready", checks=checks)
    return Readiness(status="degraded" if "degraded" in states else "ready", checks=checks)


def diagnose(engine: AsyncEngine) -> Diagnostics:
    """Measure the usage; the CPU's share is since the last call."""
    return Diagnostics(
        pool=pool_state(engine),
        memory_bytes=PROCESS.memory_info().rss,
        cpu_percent=PROCESS.cpu_percent(),
        load_average=[*os.getloadavg()],
        disk_free_bytes=shutil.disk_usage(".").free,
    )
