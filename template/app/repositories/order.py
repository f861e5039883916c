"""Queries about orders."""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import case, select, update
from sqlalchemy.orm import selectinload

from app.models.item import Item
from app.models.order import Order, OrderLine
from app.repositories.base import Repository
from app.schemas.order import OrderQuery
from app.schemas.pagination import PageRows


class OrderRepository(Repository[Order]):
    """The orders of one session."""

    model = Order
    sortable = ("created_at", "total")

    async def search(self, query: OrderQuery, owner_id: UUID | None) -> PageRows:
        """Read one page of a user's orders, or of all orders, with their lines."""
        where = []
        if owner_id is not None:
            where.append(Order.owner_id == owner_id)
        if query.status is not None:
            where.append(Order.status == query.status)
        if query.q:
            where.append(Order.status.icontains(query.q, autoescape=True))
        found = await self.page(query, query.sort, where)
        lines: defaultdict[UUID, list[OrderLine]] = defaultdict(list)
        if found.rows:
            statement = select(OrderLine).where(OrderLine.order_id.in_(r.id for r in found.rows))
            ordered = statement.order_by(OrderLine.order_id, OrderLine.position)
            for line in await self.session.scalars(ordered):
                lines[line.order_id].append(line)
        rows = [{**row._mapping, "lines": lines[row.id]} for row in found.rows]
        return PageRows(rows, found.total)

    async def get_with_lines(self, id: UUID, *, lock: bool = False) -> Order | None:
        """Find an order with its lines; with `lock`, lock it until the transaction ends."""
        statement = select(Order).where(Order.id == id).options(selectinload(Order.lines))
        return await self.session.scalar(statement.with_for_update() if lock else statement)

    async def lock_items(self, ids: Mapping[UUID, int]) -> dict[UUID, Item]:
        """Lock items until the transaction ends: in one order, so that orders do not deadlock."""
        statement = select(Item).where(Item.id.in_(ids)).order_by(Item.id).with_for_update()
        return {item.id: item for item in await self.session.scalars(statement)}

    async def change_stock(self, changes: Mapping[UUID, int]) -> None:
        """Add to the stock of each item, in one statement. Every change is a new version."""
        statement = (
            update(Item)
            .where(Item.id.in_(changes))
            .values(
                stock=Item.stock + case(dict(changes), value=Item.id),
                version=Item.version + 1,
            )
            .execution_options(synchronize_session=False)
        )
        await self.session.execute(statement)
