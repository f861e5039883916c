"""Record the statements and connections of the app, and make commits fail."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine


@contextmanager
def failing_commits(engine: AsyncEngine) -> Generator[None]:
    """Make every COMMIT fail."""

    def refuse(_: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("the disk is gone"))

    event.listen(engine.sync_engine, "commit", refuse)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "commit", refuse)


@contextmanager
def recorded_statements(engine: AsyncEngine) -> Generator[list[str]]:
    """Record the statements that are executed, without BEGIN and COMMIT."""
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", record)


@contextmanager
def recorded_checkouts(engine: AsyncEngine) -> Generator[list[object]]:
    """Record the connections that are taken from the pool."""
    connections: list[object] = []

    def record(connection: object, *_: Any) -> None:
        connections.append(connection)

    event.listen(engine.sync_engine, "checkout", record)
    try:
        yield connections
    finally:
        event.remove(engine.sync_engine, "checkout", record)
