"""The databases of development and of the tests: those in the settings, else the project's own."""

import asyncio
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from pathlib import Path, PurePath

from sqlalchemy import URL, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.database_url import parse_database_url
from app.db.engine import engine_arguments
from app.db.errors import connection_reason
from dev.project import LOCAL, LauncherError, setting, uses_postgresql, xdist_worker

NO_SUCH_DATABASE = "3D000"
CREATE_TIMEOUT_SECONDS = 60
CREATED_CONCURRENTLY = {"42P04", "23505"}


def development() -> AbstractContextManager[str]:
    """Yield the URL of the development database: `DATABASE_URL`, or one under `.local/`."""
    if url := setting("DATABASE_URL"):
        create_database("DATABASE_URL", url)
        return nullcontext(url)
    return _own("app", file="app.db")


def testing() -> AbstractContextManager[str]:
    """Yield the URL of a database that tests may empty: `TEST_DATABASE_URL`, or one in `.local/`.

    Each process of pytest-xdist has its own, with the number of the process in its name.
    Raises `LauncherError` if the name does not contain "test".
    """
    if url := os.environ.get("TEST_DATABASE_URL"):
        refuse_real_data(url)
        parsed = make_url(url)
        url = parsed.set(database=_of_worker(parsed.database or "")).render_as_string(False)
        create_database("TEST_DATABASE_URL", url)
        return nullcontext(url)
    return _own(_of_worker("app_test"), file=_of_worker("test.db"))


def refuse_real_data(url: str) -> None:
    """Raise `LauncherError` unless the name contains "test": the tests delete all rows."""
    name = Path(_parse("TEST_DATABASE_URL", url).database or "").name
    if "test" not in name:
        raise LauncherError(
            f'TEST_DATABASE_URL names the database "{name}": the tests empty their database, so '
            'its name must contain "test".'
        )


def _of_worker(database: str) -> str:
    """Append the number of the pytest-xdist process to the name of a database or its file."""
    number, path = xdist_worker(), PurePath(database)
    return database if number is None else str(path.with_stem(f"{path.stem}_{number}"))


@contextmanager
def _own(name: str, file: str) -> Generator[str]:
    LOCAL.mkdir(exist_ok=True)
    if not uses_postgresql():
        yield f"sqlite:///{LOCAL / file}"
        return
    clear_libpq_environment()
    # By name, since a project on SQLite has no such module.
    with import_module("dev.postgres").server(LOCAL / "postgres") as server:
        url = f"{server}/{name}"
        create_database("DATABASE_URL", url)
        yield url


def clear_libpq_environment() -> None:
    """Remove libpq's variables, such as PGSSLMODE: they are for other servers than this one."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def create_database(variable: str, value: str) -> None:
    """Create the PostgreSQL database that `value` names unless it exists.

    `variable` is where the value came from, for the message of `LauncherError`.
    """
    url = _parse(variable, value)
    if url.get_backend_name() != "postgresql":
        return
    try:
        # In a thread: the caller may be running an event loop.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, _create(url)).result()
    except (OSError, SQLAlchemyError, ValueError) as error:
        reason = error.orig if isinstance(error, DBAPIError) and error.orig else error
        arguments = engine_arguments(url)["connect_args"]
        sentence = connection_reason(reason, {"host": url.host, "port": url.port} | arguments)
        raise LauncherError(f"The database of {variable} cannot be used. {sentence}") from error


def _parse(variable: str, value: str) -> URL:
    try:
        return parse_database_url(value)
    except ValueError as error:
        raise LauncherError(f"{variable} {error}.") from None


async def _create(url: URL) -> None:
    if await _execute(url, "SELECT 1") == NO_SUCH_DATABASE:
        name = (url.database or "").replace('"', '""')
        await _execute(url.set(database="postgres"), f'CREATE DATABASE "{name}"')


async def _execute(url: URL, statement: str) -> str:
    """Execute outside a transaction; return the SQLSTATE of an expected error, or ""."""
    # No prepared statements: the URL may be that of a pooler.
    arguments = engine_arguments(url, prepared=False, seconds=CREATE_TIMEOUT_SECONDS)
    engine = create_async_engine(**arguments, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(statement)
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", "")
        if state not in {NO_SUCH_DATABASE, *CREATED_CONCURRENTLY}:
            raise
        return state
    finally:
        await engine.dispose()
    return ""
