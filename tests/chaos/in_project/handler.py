"""A job of the user's: it sleeps, and adds an item, which must exist once afterwards."""

import asyncio
from decimal import Decimal
from typing import Any

from app.core.job import job
from app.models.item import Item
from app.schemas.base import Input
from app.workers.runner import JobContext


class Chaos(Input):
    """The payload of the job."""

    name: str
    seconds: float = 0
    crash: bool = False


@job("chaos", Chaos)
async def chaos(context: JobContext, payload: Chaos) -> dict[str, Any]:
    """Sleep, fail if asked to, and add an item."""
    await asyncio.sleep(payload.seconds)
    if payload.crash:
        raise ZeroDivisionError
    context.session.add(Item(name=f"{payload.name} {context.job.attempts}", price=Decimal(1)))
    return {"attempt": context.job.attempts}
