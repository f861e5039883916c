"""A type of job that does what its payload says, and the effects that it leaves."""

import asyncio
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.job import JobFailedError, job
from app.models.job import JobOutput
from app.schemas.base import Input
from app.workers.runner import JobContext
from dev.resource.blueprint.model import Specimen

SCRIPT = "test.script"
STEPS = 20


class Script(Input):
    """What the job does."""

    name: str = "effect"
    seconds: float = 0
    # Halfway, wait for this file: see Gate.
    until: str = ""
    end: Literal["success", "crash", "refuse"] = "success"


@job(SCRIPT, Script, public=False)
async def perform(context: JobContext, payload: Script) -> dict[str, Any]:
    """Write the process id, take a while, and add a specimen, which must exist once."""
    await context.write(str(os.getpid()))
    for step in range(STEPS):
        context.progress(step, STEPS)
        if step == STEPS // 2:
            await file_exists(payload.until)
        await asyncio.sleep(payload.seconds / STEPS)
    if payload.end == "crash":
        raise ZeroDivisionError("secret of the inside")
    if payload.end == "refuse":
        raise JobFailedError("There is nothing to do.")
    name = f"{payload.name} {context.job.attempts}"
    context.session.add(Specimen(name=name, price=Decimal(1)))
    return {"attempt": context.job.attempts}


@dataclass(frozen=True, slots=True)
class Gate:
    """A file for which a job waits, in another process perhaps, until the test creates it."""

    file: Path

    @property
    def payload(self) -> dict[str, Any]:
        """The payload of a job that waits."""
        return {"until": str(self.file)}

    def open(self) -> None:
        """Let the job continue."""
        self.file.touch()


async def file_exists(path: str) -> None:
    """Wait for a file."""
    while path and not await asyncio.to_thread(Path(path).exists):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def effects(session: AsyncSession) -> list[str]:
    """Return the names of the specimens that jobs have added."""
    return list(await session.scalars(select(Specimen.name)))


async def outputs(session: AsyncSession) -> list[int]:
    """Return the attempts whose output is stored."""
    return list(await session.scalars(select(JobOutput.attempt)))
