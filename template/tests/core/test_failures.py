"""Telling of errors that are ours."""

from app.core.failures import Failure, Failures


def test_who_cannot_listen_keeps_nobody_else_from_it() -> None:
    failures, told = Failures(), list[Failure]()

    def fail(_: Failure) -> None:
        raise RuntimeError("not now")

    failures.listeners += [fail, told.append]
    failures.tell(KeyError("a secret"), "/items", "r-1")

    [failure] = told
    assert (failure.type, failure.route, failure.request_id) == ("KeyError", "/items", "r-1")
