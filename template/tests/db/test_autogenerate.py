"""What `just migration` writes can be run as it is: up, down and up again."""

import enum
from collections.abc import Generator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import CheckConstraint, Column, Enum, MetaData, Table, Text, Uuid, text

from app.db import types
from app.db.base import Base
from tests.databases import empty_database
from tests.db.scripts import scripts

OTHERS = """\
op.execute("CREATE TYPE spool_state AS ENUM ('new', 'done')")
op.execute("CREATE TABLE spool (id serial PRIMARY KEY, state spool_state, note text UNIQUE)")
op.execute("CREATE TABLE log_lines (line text)")
"""


class Colour(enum.Enum):
    """A type that PostgreSQL has to create."""

    red = "r"
    blue = "b"


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch) -> MetaData:
    """The models of a project that has one table."""
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    monkeypatch.setattr(Base, "metadata", metadata)
    long = CheckConstraint(f"name <> '{'x' * 143}'", name="long")
    columns = Column("id", Uuid, primary_key=True), Column("name", Text, nullable=False)
    Table("gadgets", metadata, *columns, Column("made_at", types.Timestamp), long)
    return metadata


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Config]:
    """A database in which another tool has its tables."""
    with empty_database(tmp_path) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        config = scripts(tmp_path, OTHERS)
        command.upgrade(config, "head")
        yield config


def write(config: Config) -> str:
    """Write a migration, run it up, down and up again; return its text."""
    message = f"change {uuid4()}"  # it names the file
    written: Any = command.revision(config, message, autogenerate=True)
    for target in ("head", "-1", "head"):
        (command.downgrade if target == "-1" else command.upgrade)(config, target)
    return Path(written.path).read_text()


def test_column_types_are_written_by_name_and_other_tools_tables_are_ignored(
    config: Config, metadata: MetaData
) -> None:
    metadata.tables["gadgets"].append_column(Column("price", types.Money))

    migration = write(config)

    assert "types.Timestamp" in migration
    assert "types.Money" in migration
    assert not [word for word in ("OnSqlite", "spool", "log_lines") if word in migration]


def test_enum_columns_come_and_go_with_their_types(config: Config, metadata: MetaData) -> None:
    metadata.tables["gadgets"].append_column(Column("colour", Enum(Colour, name="colour")))
    write(config)
    metadata.tables["gadgets"].append_column(Column("edge", Enum("in", "out", name="edge")))

    write(config)

    command.check(config)
    command.downgrade(config, "1")


def test_a_column_that_fails_on_a_table_with_rows_is_warned_of(
    config: Config, metadata: MetaData, capfd: pytest.CaptureFixture[str]
) -> None:
    write(config)
    gadgets = metadata.tables["gadgets"]
    gadgets.append_column(Column("size", Text, nullable=False))
    gadgets.append_column(Column("kind", Text, nullable=False, server_default=text("'plain'")))
    gadgets.c.made_at.nullable = False
    capfd.readouterr()

    write(config)

    warnings = [line for line in capfd.readouterr().err.splitlines() if "WARNING" in line]
    assert [line.split()[1] for line in warnings] == ["gadgets.size", "gadgets.made_at"]


def test_a_table_whose_model_is_gone_is_dropped(config: Config, metadata: MetaData) -> None:
    write(config)
    metadata.remove(metadata.tables["gadgets"])

    assert 'op.drop_table("gadgets")' in write(config)
