"""A job that a user might add: it takes a while, and makes an item that must be there once."""

import asyncio
from decimal import Decimal
from typing import Any

from app.core.job import job
from app.models.item import Item
from app.schemas.base import Input
from app.workers.runner import JobContext


class Drill(Input):
    """What it should do."""

    name: str
    seconds: float = 0
    crash: bool = False


@job("drill", Drill)
async def drill(context: JobContext, payload: Drill) -> dict[str, Any]:
    """Work, and leave a trace."""
    await asyncio.sleep(payload.seconds)
    if payload.crash:
        raise ZeroDivisionError
    context.session.add(Item(name=f"{payload.name} {context.job.attempts}", price=Decimal(1)))
    return {"attempt": context.job.attempts}
