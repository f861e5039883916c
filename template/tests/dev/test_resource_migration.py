"""`just resource-undo`: why a migration stays."""

from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from dev.resource import migration
from tests.databases import empty_database
from tests.db.scripts import scripts
from tests.dev.made_resources import unavailable

TABLE = 'op.create_table("quittances", sa.Column("id", sa.Integer()))'


@pytest.fixture
def url(tmp_path: Path) -> Generator[str]:
    """The URL of an empty database."""
    with empty_database(tmp_path) as url:
        yield url


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> Config:
    """Two migrations, of which the second creates a table."""
    config = scripts(tmp_path, "pass", TABLE)
    monkeypatch.setattr(migration, "alembic_config", lambda: config)
    monkeypatch.setattr(migration, "development", lambda: nullcontext({"DATABASE_URL": url}))
    monkeypatch.setenv("DATABASE_URL", url)
    return config


@pytest.fixture
def file(config: Config, tmp_path: Path) -> Path:
    """The newest migration."""
    return tmp_path / "migrations" / "versions" / "2.py"


def test_it_goes_if_no_database_was_migrated(file: Path) -> None:
    assert migration.unapply(file, "quittances") == ""


def test_it_goes_if_it_is_not_applied(config: Config, file: Path) -> None:
    command.upgrade(config, "1")

    assert migration.unapply(file, "quittances") == ""


def test_it_goes_and_is_taken_back_if_its_table_is_empty(config: Config, file: Path) -> None:
    command.upgrade(config, "head")
    file.write_text(file.read_text().replace("-> None:\n    pass", "-> None:\n    gone()"))

    with pytest.raises(NameError, match="gone"):
        migration.unapply(file, "quittances")


def test_it_stays_if_its_table_has_rows(config: Config, file: Path) -> None:
    insert = 'op.execute("INSERT INTO quittances (id) VALUES (1)")'
    file.write_text(file.read_text().replace(TABLE, f"{TABLE}\n    {insert}"))
    command.upgrade(config, "head")

    assert migration.unapply(file, "quittances") == "it is applied, and quittances has rows"


@pytest.mark.parametrize("before", ["1", "2"])
def test_it_stays_if_another_follows_it_or_is_as_new(file: Path, before: str) -> None:
    text = file.read_text().replace("'2'", "'3'").replace("'1'", f"'{before}'")
    file.with_name("3.py").write_text(text)

    assert migration.unapply(file, "quittances") == "it is not the only newest migration"


def test_it_stays_if_no_database_answers(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migration, "development", unavailable)

    assert "database that cannot be asked: " in migration.unapply(file, "quittances")


def test_it_stays_if_the_settings_are_wrong(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_POOL_SIZE", "many")

    assert "database that cannot be asked: " in migration.unapply(file, "quittances")
