"""Hooks of Alembic's autogenerate: what `just migration` writes, and what it warns of."""

import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from alembic.operations import ops
from alembic.operations.ops import MigrateOperation, MigrationScript
from sqlalchemy import Column

from app.db import types

THREE_STEPS = "add it nullable, fill it in, and forbid null in a later migration"


# Creates and drops the types of enum columns. By name, since SQLite has neither.
if find_spec("alembic_postgresql_enum"):
    enums: Any = import_module("alembic_postgresql_enum")
    enums.set_configuration(enums.Config(drop_unused_enums=False))  # other tools may use them


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Write the column types of app/db/types.py by their names, and import them."""
    if kind != "type":
        return False
    for name, value in vars(types).items():
        if value is item:
            context.imports.add("from app.db import types")
            return f"types.{name}"
    return False


def include_object(
    item: Any, name: str | None, kind: str, reflected: bool, counterpart: Any
) -> bool:
    """Leave out the tables of other tools: the service's have a primary key named by convention."""
    unknown = kind == "table" and reflected and counterpart is None
    return not unknown or item.primary_key.name == f"pk_{name}"


def warn(_context: Any, _revision: Any, directives: list[MigrationScript]) -> None:
    """Warn of operations that fail on a table that has rows."""
    for script in directives:
        for operation in _flat(script.upgrade_ops):
            if warning := _danger(operation):
                print(f"WARNING: {warning}.", file=sys.stderr)


def _flat(operation: Any) -> Iterator[MigrateOperation]:
    for one in getattr(operation, "ops", ()):
        yield one
        yield from _flat(one)


def _danger(operation: MigrateOperation) -> str:
    match operation:
        case ops.AddColumnOp(table_name=table, column=Column() as column) if _needs_value(column):
            return (
                f"{table}.{column.name} is NOT NULL without a server_default, which fails as soon "
                f"as the table has a row; give it one, or {THREE_STEPS}"
            )
        case ops.AlterColumnOp(table_name=table, column_name=name, modify_nullable=False):
            return f"{table}.{name} becomes NOT NULL, which fails if a row has none; fill it first"
    return ""


def _needs_value(column: Column[Any]) -> bool:
    given = column.server_default is not None or column.computed or column.identity
    return not column.nullable and not given
