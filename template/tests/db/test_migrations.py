"""The migrations create the tables of the models."""

import asyncio
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Index, MetaData, NullPool, String, inspect

from app.core.config import Settings
from app.db.base import Base
from app.db.engine import create_engine
from app.db.migrations import alembic_config, current_revision, upgrade
from dev.migrations import SchemaError, check
from tests.databases import empty_database


async def tables() -> set[str]:
    """The tables of the database that the environment names."""
    engine = create_engine(Settings.load(), poolclass=NullPool)
    async with engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


def test_models_and_migrations_agree() -> None:
    check()


def test_a_missing_migration_is_named_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    for table in Base.metadata.sorted_tables:
        table.to_metadata(metadata)
    specimens = metadata.tables["specimens"]
    specimens.append_column(Column("colour", String(20)))
    specimens.c.name.nullable = True
    Index("ix_specimens_colour", specimens.c.colour)
    monkeypatch.setattr(Base, "metadata", metadata)

    with pytest.raises(SchemaError) as raised:
        check()

    _, *changes, advice = str(raised.value).splitlines()
    assert sorted(change.strip() for change in changes) == [
        "add_column specimens.colour",
        "add_index specimens ix_specimens_colour",
        "modify_nullable specimens.name",
    ]
    assert "just migration" in advice


def test_the_schema_can_be_downgraded_and_upgraded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with empty_database(tmp_path) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        upgrade()
        built = asyncio.run(tables())

        command.downgrade(alembic_config(), "base")
        assert asyncio.run(tables()) == {"alembic_version"}

        upgrade()
        assert asyncio.run(tables()) == built
        assert built == {"alembic_version", *Base.metadata.tables} - {"specimens"}


def test_the_sql_can_be_printed_instead(
    capfd: pytest.CaptureFixture[str],
) -> None:
    command.upgrade(alembic_config(), "head", sql=True)

    assert "CREATE TABLE alembic_version" in capfd.readouterr().out


def test_the_revision_of_the_database_is_read() -> None:
    async def ask() -> str | None:
        return await current_revision(create_engine(Settings.load(), poolclass=NullPool))

    assert asyncio.run(ask()) == ScriptDirectory.from_config(alembic_config()).get_current_head()
