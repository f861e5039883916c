"""What the database's errors mean to a caller."""

from sqlalchemy.exc import IntegrityError

from app.core.exceptions import DependencyUnavailableError
from app.db.reasons import code, statement_reason

# SQLSTATE: a schema that has changed or lacks a table, a standby, a role that may not, a pooler.
WRONG_DATABASE = ("0A000", "25006", "42501", "42P01", "26000", "42P05")
# SQLSTATE classes: connection, transaction rollback, resources, operator intervention. And a
# lock that is not given.
UNAVAILABLE = ("08", "40", "53", "57", "55P03", *WRONG_DATABASE)
SQLITE_UNAVAILABLE = (
    "database is locked",
    "unable to open",
    "disk i/o error",
    "disk is full",
    "no such table",
    "readonly database",
)
UNIQUE_VIOLATION = {"23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"}
FOREIGN_KEY_VIOLATION = {"23503", "23001", "SQLITE_CONSTRAINT_FOREIGNKEY"}


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
    """Return `DatabaseUnavailableError` for trouble that may pass, else the error itself."""
    passing = disconnected or isinstance(error, OSError | TimeoutError)
    if passing or code(error).startswith(UNAVAILABLE) or _sqlite_trouble(error):
        return DatabaseUnavailableError(statement_reason(error, code(error)))
    return error


def is_unique_violation(error: IntegrityError) -> bool:
    """Whether another row has this value already."""
    return code(error.orig) in UNIQUE_VIOLATION


def is_foreign_key_violation(error: IntegrityError) -> bool:
    """Whether another row points here, or this one nowhere."""
    return code(error.orig) in FOREIGN_KEY_VIOLATION


def _sqlite_trouble(error: BaseException) -> bool:
    return code(error).startswith("SQLITE") and any(
        sign in str(error).lower() for sign in SQLITE_UNAVAILABLE
    )
