"""Migrations during operation: no time limit, no blocked readers, one process at a time."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core.database_url import parse_database_url
from app.db.engine import engine_arguments
from app.db.errors import DatabaseUnavailableError
from app.db.migrations import MAX_ATTEMPTS
from tests.databases import empty_database
from tests.db.scripts import scripts
from tests.processes import environment

pytestmark = pytest.mark.process

TABLE = "op.execute('CREATE TABLE things (id int, name text)')"
COLUMN = "op.execute('ALTER TABLE things ADD COLUMN colour text')"
INDEX = """\
with op.get_context().autocommit_block():
    op.create_index("ix", "things", ["name"], postgresql_concurrently=True)
"""
VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix'::regclass"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    with empty_database(tmp_path) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("MIGRATION_LOCK_TIMEOUT", "0.3")
        yield url


@pytest.fixture
async def engine(url: str) -> AsyncGenerator[AsyncEngine]:
    """Other users of that database."""
    arguments = engine_arguments(parse_database_url(url), prepared=False)
    engine = create_async_engine(**arguments)
    yield engine
    await engine.dispose()


async def upgrade(config: Config) -> None:
    await asyncio.to_thread(command.upgrade, config, "head")


async def names_of_columns(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set((await connection.execute(text("SELECT * FROM things"))).keys())


async def test_a_statement_may_take_longer_than_one_of_a_request(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    async with engine.begin() as connection:
        name = (await connection.execute(text("SELECT current_database()"))).scalar()
        await connection.execute(text(f'ALTER DATABASE "{name}" SET statement_timeout = 1000'))

    await upgrade(scripts(tmp_path, TABLE, "op.execute('SELECT pg_sleep(5.5)')", COLUMN))

    assert "colour" in await names_of_columns(engine)


async def test_readers_are_served_while_a_migration_waits_and_gives_up(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    await upgrade(scripts(tmp_path / "first", TABLE))
    async with engine.connect() as user:
        await user.execute(text("SELECT * FROM things"))  # and does not end the transaction
        waiting = asyncio.create_task(upgrade(scripts(tmp_path / "then", TABLE, COLUMN)))
        while not waiting.done():
            await asyncio.wait_for(names_of_columns(engine), 2)
            await asyncio.sleep(0.02)

    with pytest.raises(DatabaseUnavailableError, match=f"{MAX_ATTEMPTS} tries: ALTER TABLE"):
        await waiting
    assert await names_of_columns(engine) == {"id", "name"}


async def test_a_table_that_is_unlocked_in_time_is_migrated(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    await upgrade(scripts(tmp_path / "first", TABLE))
    async with engine.connect() as user:
        await user.execute(text("LOCK TABLE things"))
        waiting = asyncio.create_task(upgrade(scripts(tmp_path / "then", TABLE, COLUMN, INDEX)))
        await asyncio.sleep(0.5)
    await waiting

    assert "colour" in await names_of_columns(engine)


def migrators(config: Config, number: int) -> list[int]:
    """Migrate in so many processes at once; return their exit codes."""
    location = config.get_main_option("script_location")
    code = (
        "from app.db.migrations import alembic_config, command; config = alembic_config();"
        f"config.set_main_option('script_location', {location!r});"
        "command.upgrade(config, 'head')"
    )
    line = [sys.executable, "-c", code]
    started = [subprocess.Popen(line, env=environment()) for _ in range(number)]
    return [process.wait(30) for process in started]


async def test_two_migrators_at_once_build_an_index_without_locking(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    config = scripts(tmp_path, TABLE, INDEX)

    assert await asyncio.to_thread(migrators, config, 2) == [0, 0]

    async with engine.connect() as connection:
        assert await connection.scalar(text(VALID)) is True


async def test_migrations_before_a_failed_one_stay_done(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    wrong = f"{COLUMN}\nop.execute('ALTER TABLE nothing ADD COLUMN colour text')"

    with pytest.raises(Exception, match='relation "nothing" does not exist'):
        await upgrade(scripts(tmp_path / "first", TABLE, wrong))
    assert await names_of_columns(engine) == {"id", "name"}

    await upgrade(scripts(tmp_path / "then", TABLE, COLUMN))
    assert "colour" in await names_of_columns(engine)
