"""Queries that every table needs. Repositories flush; the request's session commits."""

from collections.abc import Iterable
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Label, func, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.pagination import PageQuery, PageRows
from app.db.base import Base

ModelT = TypeVar("ModelT", bound=Base)


class Repository(Generic[ModelT]):
    """The rows of one table, in one session."""

    model: ClassVar[type[Any]]
    sortable: ClassVar[tuple[str, ...]] = ("created_at",)

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, id: UUID) -> ModelT | None:
        """Find a row by its primary key."""
        return await self.session.get(self.model, id)

    async def get_for_update(self, id: UUID) -> ModelT | None:
        """Find a row and lock it until the transaction ends."""
        return await self.session.get(self.model, id, with_for_update=True)

    async def count(self) -> int:
        """Count the rows of the table."""
        return await self.session.scalar(select(func.count()).select_from(self.model)) or 0

    async def add(self, row: ModelT) -> ModelT:
        """Insert a row."""
        self.session.add(row)
        await self.session.flush()
        return row

    async def delete(self, row: ModelT) -> None:
        """Delete a row."""
        await self.session.delete(row)
        await self.session.flush()

    async def page(
        self, query: PageQuery, sort: str, where: Iterable[ColumnElement[bool]] = ()
    ) -> PageRows:
        """Read one page and the total in one statement. Columns only: a list needs no entities."""
        statement = select(*self.model.__table__.columns, *self._computed()).where(*where)
        counted = statement.add_columns(func.count().over().label("row_count"))
        ordered = counted.order_by(*self._order(sort)).limit(query.size).offset(query.offset)
        rows = (await self.session.execute(ordered)).all()
        if rows or query.page == 1:
            return PageRows(rows, rows[0].row_count if rows else 0)
        count = select(func.count()).select_from(statement.subquery())
        return PageRows((), await self.session.scalar(count) or 0)

    def _computed(self) -> list[Label[Any]]:
        """Return what the model computes in the database (`column_property`)."""
        properties = inspect(self.model).column_attrs
        return [p.columns[0].label(p.key) for p in properties if p.columns[0].table is None]

    def _order(self, sort: str) -> list[ColumnElement[Any]]:
        """Order by a column, ties by id, so that pages neither overlap nor leave gaps."""
        name = sort.removeprefix("-")
        if name not in self.sortable:
            raise ValueError(f"{self.model.__name__} is not sorted by {name}")
        columns = [getattr(self.model, name), self.model.id]
        return [column.desc() for column in columns] if sort.startswith("-") else columns
