"""Orders: they take items out of stock, and put them back when they are cancelled."""

import collections
from collections.abc import Iterable, Mapping
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission
from app.core.cache import Cache
from app.core.events import Event, EventPublisher
from app.core.exceptions import ConflictError, NotFoundError
from app.core.mail import Mail, Mailer
from app.core.metrics import Counter
from app.models.item import Item
from app.models.order import Order, OrderLine
from app.models.user import User
from app.repositories.order import OrderRepository
from app.schemas.order import OrderCreate, OrderLineCreate, OrderQuery, OrderRead
from app.schemas.pagination import PageRows
from app.services.caller import Caller
from app.services.item import ItemNotFoundError, invalidate_items

ORDERS = Counter(
    "orders_total",
    "Orders that became pending, confirmed or cancelled",
    status=("pending", "confirmed", "cancelled"),
)


class OrderNotFoundError(NotFoundError):
    """The user has no order with this id."""

    detail = "There is no such order."


class InsufficientStockError(ConflictError):
    """The stock is lower than the quantity ordered."""

    code = "insufficient_stock"
    detail = "There is not enough in stock."


class OrderCancelledError(ConflictError):
    """A cancelled order cannot be confirmed."""

    detail = "The order is cancelled."


class OrderService:
    """Orders, in the caller's transaction."""

    def __init__(
        self, session: AsyncSession, mailer: Mailer, cache: Cache, events: EventPublisher
    ) -> None:
        self.session = session
        self.orders = OrderRepository(session)
        self.mailer = mailer
        self.cache = cache
        self.events = events

    async def page(self, query: OrderQuery, caller: Caller) -> PageRows:
        """Read one page of the caller's orders; of all orders with `orders:read`."""
        sees_all = caller.holds(Permission.ORDERS_READ)
        return await self.orders.search(query, None if sees_all else caller.user.id)

    async def get(self, id: UUID, caller: Caller) -> Order:
        """Read an order that the caller may see, or raise `OrderNotFoundError`."""
        return await self._find(id, caller, Permission.ORDERS_READ)

    async def _find(
        self, id: UUID, caller: Caller, permission: Permission, *, lock: bool = False
    ) -> Order:
        """Read an order of the caller, or of others with a permission."""
        order = await self.orders.get_with_lines(id, lock=lock)
        if order is None or not (order.owner_id == caller.user.id or caller.holds(permission)):
            raise OrderNotFoundError
        return order

    async def create(self, data: OrderCreate, user: User) -> Order:
        """Take all items out of stock, or raise `InsufficientStockError` and take none."""
        quantities = quantities_of(data.lines)
        items = await self.orders.lock_items(quantities)
        if len(items) < len(quantities):
            raise ItemNotFoundError
        if any(items[item].stock < quantity for item, quantity in quantities.items()):
            raise InsufficientStockError
        await self._change_stock({item: -quantity for item, quantity in quantities.items()})
        order = await self.orders.add(make_order(data, items, user))
        await self.mailer.send_after_commit(self.session, confirmation(order, items, user))
        self._count_and_publish("order.created", order)
        return order

    async def cancel(self, id: UUID, caller: Caller) -> Order:
        """Put the items back into stock; cancelling again changes nothing."""
        order = await self._find(id, caller, Permission.ORDERS_WRITE, lock=True)
        if order.status != "cancelled":
            quantities = quantities_of(order.lines)
            await self.orders.lock_items(quantities)
            await self._change_stock(quantities)
        return await self._set_status(order, "cancelled")

    async def confirm(self, id: UUID, caller: Caller) -> Order:
        """Confirm an order, or raise `OrderCancelledError`."""
        order = await self._find(id, caller, Permission.ORDERS_WRITE, lock=True)
        if order.status == "cancelled":
            raise OrderCancelledError
        return await self._set_status(order, "confirmed")

    async def _change_stock(self, changes: Mapping[UUID, int]) -> None:
        await self.orders.change_stock(changes)
        invalidate_items(self.cache, self.session, *changes)

    async def _set_status(self, order: Order, status: str) -> Order:
        if order.status != status:
            order.status = status
            await self.session.flush()
            self._count_and_publish("order.updated", order)
        return order

    def _count_and_publish(self, event: str, order: Order) -> None:
        """Count the new status, and publish the order to its owner, after the commit."""
        ORDERS.inc_after_commit(self.session, status=order.status)
        self.events.publish_event(self.session, Event(event, order.owner_id, OrderRead, order))


def quantities_of(lines: Iterable[OrderLine | OrderLineCreate]) -> collections.Counter[UUID]:
    """Add up the quantities of each item: it may be on several lines."""
    quantities: collections.Counter[UUID] = collections.Counter()
    for line in lines:
        quantities[line.item_id] += line.quantity
    return quantities


def make_order(data: OrderCreate, items: Mapping[UUID, Item], user: User) -> Order:
    """Make the rows of an order, at the current prices."""
    lines = [
        OrderLine(
            position=position,
            item_id=line.item_id,
            quantity=line.quantity,
            unit_price=items[line.item_id].price,
        )
        for position, line in enumerate(data.lines)
    ]
    total = sum((line.unit_price * line.quantity for line in lines), Decimal("0.00"))
    return Order(owner_id=user.id, lines=lines, total=total)


def confirmation(order: Order, items: Mapping[UUID, Item], user: User) -> Mail:
    """Make the confirmation mail."""
    lines = "\n".join(
        f"{line.quantity} x {items[line.item_id].name} at {line.unit_price}" for line in order.lines
    )
    context = {
        "name": user.full_name or user.email,
        "order_id": str(order.id),
        "lines": lines,
        "total": str(order.total),
    }
    return Mail(user.email, "order_confirmation", context)
