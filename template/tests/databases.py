"""Databases besides the one that all tests share."""

import asyncio
import atexit
import os
import socket
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.database_url import parse_database_url
from app.db.engine import engine_arguments
from dev.database import create_database


def lost(folder: Path) -> str:
    """Return the URL of a database that cannot be reached."""
    url = make_url(os.environ["DATABASE_URL"])
    if url.get_backend_name() == "sqlite":
        return str(url.set(database=str(folder / "missing" / "test.db")))
    return url.set(host="127.0.0.1", port=closed_port()).render_as_string(hide_password=False)


@contextmanager
def empty_database(folder: Path) -> Generator[str]:
    """Create a database without tables; drop it afterwards."""
    url = make_url(os.environ["DATABASE_URL"])
    if url.get_backend_name() == "sqlite":
        yield str(url.set(database=str(folder / "empty_test.db")))
        return
    name = f"test_{uuid4().hex}"
    created = url.set(database=name).render_as_string(hide_password=False)
    create_database("DATABASE_URL", created)
    try:
        yield created
    finally:
        with ThreadPoolExecutor(1) as thread:  # the caller may be running an event loop
            thread.submit(asyncio.run, _drop(url, name)).result()


async def _drop(url: URL, name: str) -> None:
    arguments = engine_arguments(parse_database_url(url))
    engine = create_async_engine(**arguments, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    await engine.dispose()


def free_port() -> int:
    """Find a port to listen on. Another program may take it first: be ready to try again."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def closed_port() -> int:
    """Return a port that refuses connections: bound, not listening, so no program can take it."""
    return _holder().getsockname()[1]


@cache
def _holder() -> socket.socket:
    """Hold a port without listening, as long as the tests run."""
    holder = socket.socket()
    atexit.register(holder.close)
    holder.bind(("127.0.0.1", 0))
    return holder
