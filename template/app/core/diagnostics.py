"""Resource usage of this process."""

import os
import shutil
from typing import Annotated

import psutil
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncEngine


class Pool(BaseModel):
    """The pool of database connections."""

    in_use: Annotated[int, Field(examples=[2])]
    idle: Annotated[int, Field(examples=[3])]
    limit: Annotated[int, Field(examples=[10])]


class Diagnostics(BaseModel):
    """Sizes are in bytes, shares in percent."""

    pool: Pool | None
    memory_bytes: Annotated[int, Field(examples=[96468992])]
    cpu_percent: Annotated[float, Field(examples=[3.5])]
    load_average: Annotated[
        list[float], Field(min_length=3, max_length=3, examples=[[0.8, 0.5, 0.4]])
    ]
    disk_free_bytes: Annotated[int, Field(examples=[21474836480])]


PROCESS = psutil.Process()


def diagnose(engine: AsyncEngine) -> Diagnostics:
    """Measure the usage; the CPU's share is since the last call."""
    return Diagnostics(
        pool=pool_state(engine),
        memory_bytes=PROCESS.memory_info().rss,
        cpu_percent=PROCESS.cpu_percent(),
        load_average=[*os.getloadavg()],
        disk_free_bytes=shutil.disk_usage(".").free,
    )


def pool_state(engine: AsyncEngine) -> Pool:
    """Return how much of the pool is in use."""
    pool = engine.pool
    return Pool(
        in_use=pool.checkedout(),  # ty: ignore[missing-attribute]
        idle=pool.checkedin(),  # ty: ignore[missing-attribute]
        limit=pool.size() + pool._max_overflow,  # ty: ignore[missing-attribute]
    )
