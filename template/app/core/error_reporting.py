"""Reports unexpected errors to all listeners, such as metrics, Sentry and alerts."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from starlette.types import Scope

from app.core.http import route_template

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """An error, and where it happened: `route` is a route's template, or a type of job."""

    error: BaseException
    route: str
    request_id: str

    @property
    def type(self) -> str:
        """The name of the error's class. Its text may hold secrets, so it is not sent anywhere."""
        return type(self.error).__name__


class ErrorReporters:
    """Passes each error to all listeners. They must return at once: the request waits for them."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[ErrorReport], None]] = []

    def report(self, error: BaseException, route: str, request_id: str) -> None:
        """Call all listeners. One that fails does not keep the others from being called."""
        failure = ErrorReport(error, route, request_id)
        for listener in self.listeners:
            try:
                listener(failure)
            except Exception:
                log.exception("error_report_failed")

    def report_request(self, error: BaseException, scope: Scope) -> None:
        """Report an error that ended a request."""
        self.report(error, route_template(scope), scope["state"]["request_id"])
