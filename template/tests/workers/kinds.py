"""A type of job that does what a test wants."""

import asyncio
import os
from decimal import Decimal
from typing import Any, Literal

from app.core.job import JobFailedError, job
from app.models.item import Item
from app.schemas.base import Input
from app.workers.context import JobContext

SCRIPT = "test.script"
STEPS = 20


class Script(Input):
    """What the job should do."""

    name: str = "effect"
    seconds: float = 0
    end: Literal["success", "crash", "refuse"] = "success"


@job(SCRIPT, Script, public=False)
async def perform(context: JobContext, payload: Script) -> dict[str, Any]:
    """Tell the process, take a while, and make an item, which is to be there once."""
    await context.write(str(os.getpid()))
    for step in range(STEPS):
        context.progress(step, STEPS)
        await asyncio.sleep(payload.seconds / STEPS)
    if payload.end == "crash":
        raise ZeroDivisionError("secret of the inside")
    if payload.end == "refuse":
        raise JobFailedError("There is nothing to do.")
    name = f"{payload.name} {context.job.attempts}"
    context.session.add(Item(name=name, price=Decimal(1)))
    return {"attempt": context.job.attempts}
