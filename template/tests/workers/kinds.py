"""A type of job that does what a test wants, and what is left of it."""

import asyncio
import os
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.job import JobFailedError, job
from app.models.item import Item
from app.models.job import JobOutput
from app.schemas.base import Input
from app.workers.context import JobContext

SCRIPT = "test.script"
STEPS = 20


class Script(Input):
    """What the job should do."""

    name: str = "effect"
    seconds: float = 0
    # In the middle, wait for this file: see Gate.
    until: str = ""
    end: Literal["success", "crash", "refuse"] = "success"


@job(SCRIPT, Script, public=False)
async def perform(context: JobContext, payload: Script) -> dict[str, Any]:
    """Tell the process, take a while, and make an item, which is to be there once."""
    await context.write(str(os.getpid()))
    for step in range(STEPS):
        context.progress(step, STEPS)
        if step == STEPS // 2:
            await appeared(payload.until)
        await asyncio.sleep(payload.seconds / STEPS)
    if payload.end == "crash":
        raise ZeroDivisionError("secret of the inside")
    if payload.end == "refuse":
        raise JobFailedError("There is nothing to do.")
    name = f"{payload.name} {context.job.attempts}"
    context.session.add(Item(name=name, price=Decimal(1)))
    return {"attempt": context.job.attempts}


@dataclass(frozen=True, slots=True)
class Gate:
    """Where a job waits, be it in another process, until the test has seen enough."""

    file: Path

    @property
    def payload(self) -> dict[str, Any]:
        """What a job needs to wait here."""
        return {"until": str(self.file)}

    def open(self) -> None:
        """Let it go on."""
        self.file.touch()


async def appeared(path: str) -> None:
    """Wait for a file."""
    while path and not await asyncio.to_thread(Path(path).exists):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def effects(session: AsyncSession) -> list[str]:
    """Return the names of the items that jobs have made."""
    return list(await session.scalars(select(Item.name)))


async def pieces(session: AsyncSession) -> list[int]:
    """Return the attempts whose output is kept."""
    return list(await session.scalars(select(JobOutput.attempt)))
