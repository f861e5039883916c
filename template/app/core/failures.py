"""Errors that nobody expected: where they are told, once, to all who want to know."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from starlette.types import Scope

from app.core.route import route_template

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """An error, and where it happened: `route` is a template, or a type of job."""

    error: BaseException
    route: str
    request_id: str

    @property
    def type(self) -> str:
        """The name of the error's class. Its text may hold anything, so it is not for others."""
        return type(self.error).__name__


class Failures:
    """Those who listen must return at once: a request waits for them."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Failure], None]] = []

    def tell(self, error: BaseException, route: str, request_id: str) -> None:
        """Tell everybody; whoever cannot listen keeps nobody else from it."""
        failure = Failure(error, route, request_id)
        for listener in self.listeners:
            try:
                listener(failure)
            except Exception:
                log.exception("failure_not_told")


def tell_of_request(scope: Scope, error: BaseException) -> None:
    """Tell of an error that a request ended with."""
    scope["app"].state.failures.tell(error, route_template(scope), scope["state"]["request_id"])
