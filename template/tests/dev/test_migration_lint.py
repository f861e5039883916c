"""New migrations that lock a table in use are refused; a reason allows them."""

import re
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest
from alembic.script import ScriptDirectory

from dev.migration_lint import VERSIONS, lint, new_migrations
from dev.project import ROOT
from tests.db.scripts import scripts

IDENTITY = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
TABLE = """\
op.create_table(
    "plans",
    sa.Column("id", sa.Uuid(), nullable=False),
    sa.Column("name", sa.String(50), nullable=False),
    sa.Column("item_id", sa.Uuid(), sa.ForeignKey("items.id"), nullable=False),
    sa.PrimaryKeyConstraint("id"),
    sa.UniqueConstraint("name"),
)
op.create_index("ix_plans_name", "plans", ["name"])"""
INDEX = 'op.create_index("ix", "items", ["price"])'
LIVE_INDEX = """\
with op.get_context().autocommit_block():
    op.create_index("ix", "items", ["price"], postgresql_concurrently=True)"""
COLUMN = 'op.add_column("items", sa.Column("size", sa.Integer(), nullable={nullable}{default}))'
KEY = 'op.create_foreign_key("fk", "items", "plans", ["plan_id"], ["id"]{more})'
READS = 'op.get_bind().execute(sa.text("SELECT 1")).scalars()'
REASON = "# squawk: reads-database: few rows"


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)  # noqa: S607


def found(folder: Path, body: str) -> list[str]:
    """Return what is refused in a migration."""
    directory = ScriptDirectory.from_config(scripts(folder, "pass", body))
    [script] = new_migrations(directory, folder)
    return list(lint(script))


@pytest.mark.parametrize(
    "body",
    [
        TABLE,
        LIVE_INDEX,
        COLUMN.format(nullable=True, default=""),
        COLUMN.format(nullable=False, default=', server_default="1"'),
        KEY.format(more=", postgresql_not_valid=True"),
        'op.drop_column("items", "price")',
        'op.drop_table("items")',
        f"# squawk: require-concurrent-index-creation: few rows\n{INDEX}",
        f"{REASON}\n{READS}",
        f"with op.get_context().autocommit_block():\n    {REASON}\n    {READS}",
    ],
)
def test_what_locks_no_table_or_has_a_reason_is_allowed(tmp_path: Path, body: str) -> None:
    assert found(tmp_path, body) == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (INDEX, "require-concurrent-index-creation"),
        (COLUMN.format(nullable=False, default=""), "adding-required-field"),
        ('op.alter_column("items", "price", type_=sa.Integer())', "changing-column-type"),
        ('op.alter_column("items", "price", nullable=False)', "adding-not-nullable-field"),
        ('op.create_check_constraint("ck", "items", "price > 0")', "constraint-missing-not-valid"),
        ('op.create_unique_constraint("uq", "items", ["price"])', "disallowed-unique-constraint"),
        (KEY.format(more=""), "adding-foreign-key-constraint"),
        (READS, "reads-database"),
        (f"# squawk: require-concurrent-index-creation:\n{INDEX}", "require-concurrent"),
        (f"# squawk: ban-drop-column: another rule\n{INDEX}", "require-concurrent"),
        (f"# squawk: require-concurrent-index-creation: not here\npass\n{INDEX}", "require-con"),
    ],
)
def test_what_locks_a_table_is_refused_with_its_line(tmp_path: Path, body: str, rule: str) -> None:
    line = 10 + body.count("\n")

    refused = found(tmp_path, body)

    assert any(one.startswith(f"{VERSIONS}/2.py:{line}: {rule}") for one in refused)


@pytest.mark.parametrize(
    "body",
    [
        f"{REASON}\n{READS}\n{INDEX}",
        f"{REASON}\nfor _ in {READS}:\n    {INDEX}",
        f"with op.get_context().autocommit_block():\n    {REASON}\n    {READS}\n    {INDEX}",
        f"def read() -> None:\n    {READS}\n\n{REASON}\nread()\n{INDEX}",
    ],
)
def test_what_follows_a_statement_that_reads_is_refused_unread(tmp_path: Path, body: str) -> None:
    [refused] = found(tmp_path, body)

    assert "reads-database: What follows it cannot be checked" in refused


def test_what_the_page_recommends_is_allowed(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "migrations.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)

    assert len(blocks) == 4
    for number, block in enumerate(blocks):
        assert found(tmp_path / str(number), dedent(block)) == []


def test_migrations_of_the_default_branch_are_not_new(tmp_path: Path) -> None:
    directory = ScriptDirectory.from_config(scripts(tmp_path, "pass", INDEX))
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, *IDENTITY, "commit", "--quiet", "--message", "Start")
    assert new_migrations(directory, tmp_path), "it is the only branch"

    git(tmp_path, "switch", "--quiet", "--create", "change")

    assert new_migrations(directory, tmp_path) == []
