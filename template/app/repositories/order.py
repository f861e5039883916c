"""Queries about orders."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import case, select, update
from sqlalchemy.orm import selectinload

from app.core.pagination import Slice
from app.models.item import Item
from app.models.order import Order, OrderLine
from app.repositories.base import Repository
from app.schemas.order import OrderQuery


class OrderRepository(Repository[Order]):
    """The orders of one session."""

    model = Order
    sortable = ("created_at", "total")

    async def search(self, query: OrderQuery, owner_id: UUID | None) -> Slice:
        """Read one page of somebody's orders (of everybody's, for None), with their lines."""
        where = []
        if owner_id is not None:
            where.append(Order.owner_id == owner_id)
        if query.status is not None:
            where.append(Order.status == query.status)
        if query.q:
            where.append(Order.status.icontains(query.q, autoescape=True))
        found = await self.page(query, query.sort, where)
        lines = await self._lines([row.id for row in found.rows])
        rows = [{**row._mapping, "lines": lines.get(row.id, [])} for row in found.rows]
        return Slice(rows, found.total)

    async def _lines(self, orders: Sequence[UUID]) -> dict[UUID, list[OrderLine]]:
        """Read the lines of all these orders at once."""
        statement = (
            select(OrderLine)
            .where(OrderLine.order_id.in_(orders))
            .order_by(OrderLine.order_id, OrderLine.position)
        )
        lines: dict[UUID, list[OrderLine]] = {}
        for line in await self.session.scalars(statement) if orders else ():
            lines.setdefault(line.order_id, []).append(line)
        return lines

    async def with_lines(self, id: UUID, *, lock: bool = False) -> Order | None:
        """Find an order with its lines; with `lock`, keep others from changing it."""
        statement = select(Order).where(Order.id == id).options(selectinload(Order.lines))
        return await self.session.scalar(statement.with_for_update() if lock else statement)

    async def lock_items(self, ids: Sequence[UUID]) -> dict[UUID, Item]:
        """Keep items from changing: all in one order, so that no two orders deadlock."""
        statement = select(Item).where(Item.id.in_(ids)).order_by(Item.id).with_for_update()
        return {item.id: item for item in await self.session.scalars(statement)}

    async def move_stock(self, change: Mapping[UUID, int]) -> None:
        """Add to the stock of each item, in one statement. Every change is a new version."""
        statement = (
            update(Item)
            .where(Item.id.in_(change))
            .values(
                stock=Item.stock + case(dict(change), value=Item.id),
                version=Item.version + 1,
            )
            .execution_options(synchronize_session=False)
        )
        await self.session.execute(statement)
