"""/health: for balancers, orchestrators and people on call."""

import asyncio
from datetime import UTC, datetime
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.core.diagnostics import Diagnostics, diagnose
from app.core.drain import draining
from app.core.probe import Check
from app.core.project import PROJECT

router = APIRouter(prefix="/health", tags=["Health"])
detailed = APIRouter(prefix="/health", tags=["Health"])


class Health(BaseModel):
    """The service answers."""

    status: Literal["healthy"] = "healthy"
    version: str = PROJECT.version
    timestamp: datetime


class Liveness(BaseModel):
    """The process runs."""

    status: Literal["alive"] = "alive"


class Readiness(BaseModel):
    """Whether to send requests here."""

    status: Literal["ready", "degraded", "not_ready"]
    checks: dict[str, Check]


class HealthDetails(Readiness):
    """The same, and what the process uses."""

    version: str = PROJECT.version
    diagnostics: Diagnostics


@router.get("")
async def get_health() -> Health:
    """Say that the service answers, and which version it is."""
    return Health(timestamp=datetime.now(UTC))


@router.get("/live")
async def get_liveness() -> Liveness:
    """Say that the process runs. Asks nobody: a restart would not mend the database."""
    return Liveness()


@router.get("/ready", responses={503: {"model": Readiness, "description": "Send nothing here"}})
async def get_readiness(request: Request, response: Response) -> Readiness:
    """Say whether to send requests here: 503 while the database is away or we are stopping."""
    readiness = await assess(request)
    if readiness.status == "not_ready":
        response.status_code = 503
    response.headers["Cache-Control"] = "no-store"
    return readiness


@detailed.get("/detailed")
async def get_health_details(request: Request, response: Response) -> HealthDetails:
    """Say what is slow or full. For people on call only."""
    readiness = await assess(request)
    response.headers["Cache-Control"] = "no-store"
    return HealthDetails(
        status=readiness.status,
        checks=readiness.checks,
        diagnostics=diagnose(request.app.state.database.engine),
    )


async def assess(request: Request) -> Readiness:
    """Ask every dependency. Only the database and our own end make us unfit to serve."""
    probes = request.app.state.probes
    answers = await asyncio.gather(*(probe.check() for probe in probes.values()))
    checks = dict(zip(probes, answers, strict=True))
    if draining():
        checks["shutdown"] = Check("down")
    states = {check.status for check in checks.values()}
    if "down" in states:
        return Readiness(status="not_ready", checks=checks)
    return Readiness(status="degraded" if "degraded" in states else "ready", checks=checks)
