"""Translates the database's errors: what they mean to a caller, and a sentence for the log."""

import re
from collections.abc import Mapping
from typing import Any

from sqlalchemy.exc import IntegrityError

from app.core.exceptions import DependencyUnavailableError

# SQLSTATEs of another database than expected: a changed schema, a standby, a missing right, a
# missing table, a pooler (two).
WRONG_DATABASE = ("0A000", "25006", "42501", "42P01", "26000", "42P05")
# SQLSTATE classes: connection, transaction rollback, resources, operator intervention. And a
# lock that was not available.
UNAVAILABLE = ("08", "40", "53", "57", "55P03", *WRONG_DATABASE)
SQLITE_LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")
SQLITE_FILE = ("SQLITE_CANTOPEN", "SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY")
UNIQUE_VIOLATION = {"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
FOREIGN_KEY_VIOLATION = {"23503", "23001", "SQLITE_CONSTRAINT_FOREIGNKEY"}
POOLER_ADVICE = "Behind PgBouncer or another pooler set DB_PREPARED_STATEMENTS=false."
ADVICE = {
    "25006": "Is it a standby?",
    "26000": POOLER_ADVICE,
    "42P01": "Is it the right database, and was `migrate` run?",
    "42P05": POOLER_ADVICE,
}


class DatabaseUnavailableError(DependencyUnavailableError):
    """The database is down, silent, out of connections, or gave up on the statement.

    `reason` is a sentence for the log and the command line: it names hosts and roles. Callers
    read `detail`.
    """

    detail = "The database does not answer. Try again."

    def __init__(self, reason: str | None = None) -> None:
        super().__init__()
        self.reason = reason or self.detail

    def __str__(self) -> str:
        return self.reason


def translate(error: BaseException, *, disconnected: bool = False) -> BaseException:
    """Return `DatabaseUnavailableError` for a temporary failure, else the error itself."""
    if not isinstance(error, Exception):
        return error  # the caller was cancelled; SQLAlchemy closes the connection
    state = code(error)
    missing_table = state == "SQLITE_ERROR" and "no such table" in str(error)
    temporary = disconnected or missing_table or isinstance(error, OSError | TimeoutError)
    if not temporary and not state.startswith(UNAVAILABLE + SQLITE_LOCKED + SQLITE_FILE):
        return error
    if isinstance(error, TimeoutError):
        reason = "The database does not answer within the time limit of a statement."
        return DatabaseUnavailableError(reason)
    return DatabaseUnavailableError(_sentence("The statement failed", error, ADVICE.get(state, "")))


def connection_reason(error: BaseException, parameters: Mapping[str, Any]) -> str:
    """Say why there is no connection. `parameters` are the driver's."""
    if code(error):
        advice = POOLER_ADVICE if "parameter" in str(error) else ""
        return _sentence("The database refuses the connection", error, advice)
    hosts, ports = parameters.get("host"), parameters.get("port")
    if isinstance(hosts, list) and isinstance(ports, list):
        where = ", ".join(f"{host}:{port}" for host, port in zip(hosts, ports, strict=True))
    else:
        where = f"{hosts or 'the default host'}:{ports or 5432}"
    if isinstance(error, TimeoutError):
        return f"The database at {where} does not answer within {parameters['timeout']} s."
    message = str(getattr(error, "strerror", None) or error).rstrip(".")
    return f"The database at {where} cannot be reached: {message} ({type(error).__name__})."


def code(error: Any) -> str:
    """Return the SQLSTATE, or SQLite's name for the error."""
    return getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or ""


def is_unique_violation(error: IntegrityError, column: str = "") -> bool:
    """Whether another row has this value already: in `column`, if the last of its constraint.

    PostgreSQL names the constraint, as `app.db.base` does, and SQLite its columns.
    """
    message = str(error.orig).partition("\n")[0].rstrip('"')
    found = re.search(rf"[_.]{column}$", message) if column else True
    return code(error.orig) in UNIQUE_VIOLATION and bool(found)


def is_foreign_key_violation(error: IntegrityError) -> bool:
    """Whether another row refers to this one, or this one to a missing row."""
    return code(error.orig) in FOREIGN_KEY_VIOLATION


def _sentence(what: str, error: BaseException, advice: str) -> str:
    # The driver's adapter puts its class before the server's message; hints are on lines below.
    message = str(error).partition("\n")[0].rpartition(">: ")[2].rstrip(".")
    return f"{what}: {message} ({code(error) or type(error).__name__}). {advice}".strip()
