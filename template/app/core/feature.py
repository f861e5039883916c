"""What a capability is made of. The list of them is `app.features.FEATURES`."""

from argparse import ArgumentParser, _SubParsersAction
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

from fastapi import FastAPI
from starlette.datastructures import State

from app.core.probe import Probe

Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"


def add_nothing(_: object) -> None:
    """A feature with nothing to add."""


@asynccontextmanager
async def hold_nothing(_: object) -> AsyncGenerator[None, None]:
    """A feature that keeps nothing open."""
    yield


def watch_nothing(_: FastAPI) -> None:
    """A feature that depends on no server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What one capability adds to the app, and what it keeps open while it runs.

    `probe` is asked by /health/ready. `commands` adds subcommands to `python -m app`; each sets
    the parser default `run`, a function of the parsed arguments that returns the exit code.
    `worker` is held open in each process that runs jobs. There is no app there; the state that
    it is given stands for `app.state`.
    """

    name: str
    setup: Callable[[FastAPI], None] = add_nothing
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] = hold_nothing
    probe: Callable[[FastAPI], Probe | None] = watch_nothing
    commands: Callable[[Commands], None] = add_nothing
    worker: Callable[[State], AbstractAsyncContextManager[None]] = hold_nothing
