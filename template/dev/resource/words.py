"""The names that a resource and its fields may have."""

import builtins
import keyword

from pydantic import BaseModel
from sqlalchemy import Row
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS
from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer

from dev.resource.spec import NAME, ResourceError

MAX_LENGTH = 30
# SQLAlchemy does not quote the last: PostgreSQL reserves them, and SQLite `nothing`.
SQL_WORDS = {
    *RESERVED_WORDS,
    *SQLiteIdentifierPreparer.reserved_words,
    *("collation", "concurrently", "lateral", "nothing", "system_user", "tablesample"),
}
# PostgreSQL's own columns of each table.
SYSTEM_COLUMNS = {"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"}
# What every resource has, what the code of its classes uses, and what each row of a list has.
FIELD_WORDS = {
    *("id", "version", "created_at", "updated_at", "owner", "owner_id", "metadata", "registry"),
    *("str", "int", "bool", "dt", "mapped_column", "self"),
    *("row_count", *dir(Row)),
}
# Variables of the function that looks for the rows that are referred to.
REFERENCE_WORDS = {"lock", "values", "self", *dir(builtins)}


def check_name(name: str, what: str) -> None:
    """Raise `ResourceError` unless the word can be a name in Python, SQL and a URL."""
    check_spelling(name, what)
    if keyword.iskeyword(name) or name in dir(builtins):
        raise ResourceError(f"{what} must not be {name}: Python has that word.")
    if name in SQL_WORDS:
        raise ResourceError(f"{what} must not be {name}: SQL reserves that word.")


def check_spelling(name: str, what: str) -> None:
    """Raise `ResourceError` unless the word is snake_case, and not too long."""
    if not NAME.fullmatch(name) or len(name) > MAX_LENGTH:
        raise ResourceError(
            f"{what} must be snake_case, of at most {MAX_LENGTH} letters and digits: not {name!r}."
        )
    if name == "l":
        raise ResourceError(f"{what} must not be l, which looks like 1: write a word.")


def check_field_name(name: str, type: str) -> None:
    """Raise `ResourceError` for a name that a field cannot have."""
    check_spelling(name, "A field's name")
    if name in FIELD_WORDS or name.startswith("model_") or hasattr(BaseModel, name):
        raise ResourceError(f"A field must not be called {name}: every resource uses that name.")
    if type == "ref" and name in REFERENCE_WORDS:
        raise ResourceError(f"A reference must not be called {name}: the code has that word.")
    if keyword.iskeyword(name) or (type != "ref" and name in SQL_WORDS | SYSTEM_COLUMNS):
        raise ResourceError(f"A field must not be called {name}: Python or SQL reserves that word.")
