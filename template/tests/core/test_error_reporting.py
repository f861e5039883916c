"""Reporting of unexpected errors."""

from app.core.error_reporting import ErrorReport, ErrorReporters


def test_a_listener_that_fails_does_not_keep_the_others_from_being_called() -> None:
    failures, reported = ErrorReporters(), list[ErrorReport]()

    def fail(_: ErrorReport) -> None:
        raise RuntimeError("not now")

    failures.listeners += [fail, reported.append]
    failures.report(KeyError("a secret"), "/books", "r-1")

    [failure] = reported
    assert (failure.type, failure.route, failure.request_id) == ("KeyError", "/books", "r-1")
