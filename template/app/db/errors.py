"""What the database's errors mean to a caller."""

from typing import Any

from sqlalchemy.exc import IntegrityError

from app.core.exceptions import DependencyUnavailableError

# SQLSTATE classes: connection, transaction rollback, resources, operator intervention.
UNAVAILABLE = ("08", "40", "53", "57", "55P03")
SQLITE_UNAVAILABLE = ("database is locked", "unable to open", "disk i/o error", "disk is full")
UNIQUE_VIOLATION = {"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
FOREIGN_KEY_VIOLATION = {"23503", "23001", "SQLITE_CONSTRAINT_FOREIGNKEY"}


class DatabaseUnavailableError(DependencyUnavailableError):
    """The database is down, silent, out of connections, or gave up on the statement."""

    detail = "The database does not answer. Try again."


def translate(error: BaseException, *, disconnected: bool = False) -> BaseException:
    """Return `DatabaseUnavailableError` for trouble that may pass, else the error itself."""
    passing = disconnected or isinstance(error, OSError | TimeoutError)
    if passing or _code(error).startswith(UNAVAILABLE) or _sqlite_trouble(error):
        return DatabaseUnavailableError()
    return error


def is_unique_violation(error: IntegrityError) -> bool:
    """Whether another row has this value already."""
    return _code(error.orig) in UNIQUE_VIOLATION


def is_foreign_key_violation(error: IntegrityError) -> bool:
    """Whether another row points here, or this one nowhere."""
    return _code(error.orig) in FOREIGN_KEY_VIOLATION


def _code(error: Any) -> str:
    """The SQLSTATE, or SQLite's name for the error."""
    return getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or ""


def _sqlite_trouble(error: BaseException) -> bool:
    return _code(error).startswith("SQLITE") and any(
        sign in str(error).lower() for sign in SQLITE_UNAVAILABLE
    )
