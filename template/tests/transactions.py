"""Record the statements and connections of the app, and make commits fail."""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Any

from httpx2 import Response
from sqlalchemy import Executable, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from tests.processes import TIMEOUT_SECONDS

# Seconds until a request waits for the lock of another transaction; SQLite has no list of locks.
A_MOMENT = 0.3
BLOCKED = text(
    "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
)


@contextmanager
def listening(engine: AsyncEngine, name: str, record: Callable[..., None]) -> Generator[None]:
    """Call a function at each event of this name."""
    event.listen(engine.sync_engine, name, record)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, name, record)


@contextmanager
def failing_commits(engine: AsyncEngine) -> Generator[None]:
    """Make every COMMIT fail."""

    def refuse(_: object) -> None:
        raise OperationalError("COMMIT", {}, Exception("the disk is gone"))

    with listening(engine, "commit", refuse):
        yield


@contextmanager
def recorded_statements(engine: AsyncEngine) -> Generator[list[str]]:
    """Record the statements that are executed, without BEGIN and COMMIT."""
    statements: list[str] = []

    def record(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    with listening(engine, "before_cursor_execute", record):
        yield statements


@contextmanager
def recorded_checkouts(engine: AsyncEngine) -> Generator[list[object]]:
    """Record the connections that are taken from the pool."""
    connections: list[object] = []

    def record(connection: object, *_: Any) -> None:
        connections.append(connection)

    with listening(engine, "checkout", record):
        yield connections


async def send_before_commit(
    request: Awaitable[Response], other: AsyncSession, *last: Executable
) -> Response:
    """Send a request; when it waits for the other transaction, end that, after some statements."""
    sent = asyncio.ensure_future(request)
    if other.get_bind().dialect.name == "sqlite":
        await asyncio.sleep(A_MOMENT)
    else:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while not sent.done() and not await other.scalar(BLOCKED):
                pass
    for statement in last:
        await other.execute(statement)
    await other.commit()
    return await sent
