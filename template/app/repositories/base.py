"""Queries that every table needs. Repositories flush; the request's session commits."""

from collections.abc import Collection, Mapping
from functools import cache
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import make_transient_to_detached

from app.db.base import Base
from app.db.session import fetch
from app.schemas.pagination import PageQuery, PageRows

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
        """Find a row, lock it until the transaction ends, and read it again if it was read.

        Others may refer to it meanwhile (`FOR NO KEY UPDATE`).
        """
        lock = {"key_share": True}
        return await self.session.get(self.model, id, with_for_update=lock, populate_existing=True)

    async def count(self) -> int:
        """Count the rows of the table."""
        return await self.session.scalar(select(func.count()).select_from(self.model)) or 0

    async def add(self, row: ModelT) -> ModelT:
        """Insert a row."""
        self.session.add(row)
        return await self.flush(row)

    async def create(self, values: Mapping[str, Any]) -> ModelT:
        """Insert a row by its columns: half the work of `add`. No events of the ORM are sent."""
        inserted = await self.session.execute(insert_statement(self.model), values)
        row = self.model(**inserted.one()._mapping)
        make_transient_to_detached(row)  # it is stored
        self.session.add(row)
        return row

    async def flush(self, row: ModelT) -> ModelT:
        """Write what was changed."""
        await self.session.flush()
        return row

    async def delete(self, row: ModelT) -> ModelT:
        """Delete a row."""
        await self.session.delete(row)
        return await self.flush(row)

    async def page(
        self, query: PageQuery, sort: str, where: Collection[ColumnElement[bool]] = ()
    ) -> PageRows:
        """Read one page and the total in one statement. Columns only: a list needs no entities."""
        statement = page_statement(type(self), sort)
        if where:
            statement = statement.where(*where)
        window = {"row_limit": query.size, "row_offset": query.offset}
        rows = await fetch(self.session, statement, window)
        if rows or query.page == 1:
            return PageRows(rows, rows[0].row_count if rows else 0)
        count = select(func.count()).select_from(self.model).where(*where)
        return PageRows((), await self.session.scalar(count) or 0)


@cache
def insert_statement(model: type[Any]) -> Any:
    """Return the statement that inserts a row and returns its columns, defaults too."""
    return insert(model.__table__).returning(*model.__table__.columns)


@cache
def page_statement(repository: type[Repository[Any]], sort: str) -> Select[Any]:
    """Return the statement of a page, which is put together once: that takes as long as the query.

    Ordered by a column, ties by id, so that pages neither overlap nor leave gaps.
    """
    model, name = repository.model, sort.removeprefix("-")
    if name not in repository.sortable:
        raise ValueError(f"{model.__name__} is not sorted by {name}")
    columns = [getattr(model, name), model.id]
    order = [column.desc() for column in columns] if sort.startswith("-") else columns
    properties = inspect(model).column_attrs
    computed = [p.columns[0].label(p.key) for p in properties if p.columns[0].table is None]
    counted = select(*model.__table__.columns, *computed, func.count().over().label("row_count"))
    limit, offset = bindparam("row_limit", type_=Integer), bindparam("row_offset", type_=Integer)
    return counted.order_by(*order).limit(limit).offset(offset)
