"""A feature of the service. The list of them is `app.features.FEATURES`."""

from argparse import ArgumentParser, _SubParsersAction
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from fastapi import FastAPI
from starlette.datastructures import State

from app.core.health_check import HealthCheck

Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"


def no_setup(_: object) -> None:
    """Set up nothing."""


@asynccontextmanager
async def no_lifespan(_: object) -> AsyncGenerator[None, None]:
    """Keep nothing open."""
    yield


def no_health_check(_: FastAPI) -> None:
    """Depend on no server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What one feature adds to the app, and what it keeps open while the app runs.

    `after` names features that must come before it in FEATURES: they set up what it uses, or
    their middleware must be inside its own. `health_check` is checked by /health/ready.
    `worker_lifespan` is the lifespan of each process that runs jobs: it has no app, and the state
    that it gets replaces `app.state`. `commands` adds subcommands to `python -m app`; each sets
    the parser default `run`, a function of the parsed arguments that returns the exit code.
    """

    name: str
    after: tuple[str, ...] = ()
    setup: Callable[[FastAPI], None] = no_setup
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] = no_lifespan
    health_check: Callable[[FastAPI], HealthCheck | None] = no_health_check
    commands: Callable[[Commands], None] = no_setup
    worker_lifespan: Callable[[State], AbstractAsyncContextManager[None]] = no_lifespan
