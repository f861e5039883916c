"""Types of background jobs: the name, the payload and the handler of each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

PayloadT = TypeVar("PayloadT", bound=BaseModel)
# Takes the `JobContext` and the payload. What it returns is the job's `result`, as JSON.
Handler = Callable[[Any, PayloadT], Awaitable[dict[str, Any] | None]]


class JobFailedError(Exception):
    """The job cannot succeed, so it is not retried. The message is shown as the job's `error`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobType:
    """One type of job. `public`: the API accepts it, with `superusers` from superusers only."""

    name: str
    payload: type[BaseModel]
    handler: Handler[Any]
    public: bool = True
    superusers: bool = False


class JobDispatcher(Protocol):
    """Sends jobs to the workers. A message may be lost: the row in the database counts."""

    def dispatch(self, id: UUID) -> None:
        """Send the message soon, and return at once."""
        ...

    def count_messages(self) -> int | None:
        """Count the messages that wait for a worker. Blocks; None if the broker does not answer."""
        ...


JOB_TYPES: dict[str, JobType] = {}


def job(
    name: str, payload: type[PayloadT], *, public: bool = True, superusers: bool = False
) -> Callable[[Handler[PayloadT]], Handler[PayloadT]]:
    """Register a function as the handler of a type of job: `@job("report.make", ReportMake)`."""

    def register(handler: Handler[PayloadT]) -> Handler[PayloadT]:
        if name in JOB_TYPES:
            raise ValueError(f"there are two handlers of {name}")
        JOB_TYPES[name] = JobType(
            name=name, payload=payload, handler=handler, public=public, superusers=superusers
        )
        return handler

    return register
