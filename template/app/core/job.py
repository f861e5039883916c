"""Kinds of background jobs: what each is called, what it needs, and what it does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

PayloadT = TypeVar("PayloadT", bound=BaseModel)
# What it returns is the job's `result`, as JSON.
Handler = Callable[[Any, PayloadT], Awaitable[dict[str, Any] | None]]


class JobFailedError(Exception):
    """The job cannot be done, and trying again would not help. The message is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobKind:
    """One type of job. `public`: the API takes it, from `superusers` only or from everybody."""

    name: str
    payload: type[BaseModel]
    handler: Handler[Any]
    public: bool = True
    superusers: bool = False


class JobQueue(Protocol):
    """Tells the workers of a job. It may be lost: the row in the database is what counts."""

    def announce(self, id: UUID) -> None:
        """Tell them soon, and return at once."""
        ...


KINDS: dict[str, JobKind] = {}


def job(
    name: str, payload: type[PayloadT], *, public: bool = True, superusers: bool = False
) -> Callable[[Handler[PayloadT]], Handler[PayloadT]]:
    """Make a function the handler of a type of job: `@job("items.export", ItemsExport)`."""

    def register(handler: Handler[PayloadT]) -> Handler[PayloadT]:
        if name in KINDS:
            raise ValueError(f"there are two handlers of {name}")
        KINDS[name] = JobKind(
            name=name, payload=payload, handler=handler, public=public, superusers=superusers
        )
        return handler

    return register
