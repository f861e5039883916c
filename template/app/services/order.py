"""Taking items out of stock, and putting them back."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import Cache
from app.core.events import Event, Events
from app.core.exceptions import ConflictError, NotFoundError
from app.core.mail import Mail, Mailer
from app.core.metrics import increment_after_commit
from app.core.pagination import Slice
from app.models.item import Item
from app.models.order import Order, OrderLine
from app.models.user import User
from app.repositories.order import OrderRepository
from app.schemas.order import OrderCreate, OrderQuery, OrderRead
from app.services.item import ItemNotFoundError, forget_items


class OrderNotFoundError(NotFoundError):
    """No order of the caller's has this id."""

    detail = "There is no such order."


class InsufficientStockError(ConflictError):
    """There is less than was ordered."""

    code = "insufficient_stock"
    detail = "There is not enough in stock."


class OrderCancelledError(ConflictError):
    """A cancelled order stays cancelled."""

    detail = "The order is cancelled."


class OrderService:
    """Orders, in the caller's transaction."""

    def __init__(self, session: AsyncSession, mailer: Mailer, cache: Cache, events: Events) -> None:
        self.session = session
        self.orders = OrderRepository(session)
        self.mailer = mailer
        self.cache = cache
        self.events = events

    async def page(self, query: OrderQuery, user: User) -> Slice:
        """Read one page of the user's orders; a superuser's page has everybody's."""
        return await self.orders.search(query, None if user.is_superuser else user.id)

    async def get(self, id: UUID, user: User, *, lock: bool = False) -> Order:
        """Read an order that the user may see."""
        order = await self.orders.with_lines(id, lock=lock)
        if order is None or not (user.is_superuser or order.owner_id == user.id):
            raise OrderNotFoundError
        return order

    async def create(self, data: OrderCreate, user: User) -> Order:
        """Take the items out of stock, or raise `InsufficientStockError` and take none."""
        wanted: Counter[UUID] = Counter()
        for line in data.lines:
            wanted[line.item_id] += line.quantity
        items = await self.orders.lock_items(list(wanted))
        if len(items) < len(wanted):
            raise ItemNotFoundError
        if any(items[item].stock < quantity for item, quantity in wanted.items()):
            raise InsufficientStockError
        await self._move_stock({item: -quantity for item, quantity in wanted.items()})
        order = await self.orders.add(make_order(data, items, user))
        await self.mailer.send_after_commit(self.session, confirmation(order, items, user))
        increment_after_commit(self.session, "orders", status=order.status)
        self._tell("order.created", order)
        return order

    async def cancel(self, id: UUID, user: User) -> Order:
        """Put the items back, once; cancelling again changes nothing."""
        order = await self.get(id, user, lock=True)
        if order.status == "cancelled":
            return order
        back: Counter[UUID] = Counter()
        for line in order.lines:
            back[line.item_id] += line.quantity
        await self.orders.lock_items(list(back))
        await self._move_stock(back)
        return await self._set(order, "cancelled")

    async def confirm(self, id: UUID, user: User) -> Order:
        """Mark an order as on its way."""
        order = await self.get(id, user, lock=True)
        if order.status == "cancelled":
            raise OrderCancelledError
        return await self._set(order, "confirmed")

    async def _move_stock(self, change: Mapping[UUID, int]) -> None:
        await self.orders.move_stock(change)
        forget_items(self.cache, self.session, *change)

    async def _set(self, order: Order, status: str) -> Order:
        if order.status != status:
            increment_after_commit(self.session, "orders", status=status)
        order.status = status
        await self.session.flush()
        self._tell("order.updated", order)
        return order

    def _tell(self, event: str, order: Order) -> None:
        self.events.tell(self.session, Event(event, order.owner_id, OrderRead, order))


def make_order(data: OrderCreate, items: dict[UUID, Item], user: User) -> Order:
    """Write down what was ordered, at today's prices."""
    lines = [
        OrderLine(
            position=position,
            item_id=line.item_id,
            quantity=line.quantity,
            unit_price=items[line.item_id].price,
        )
        for position, line in enumerate(data.lines)
    ]
    return Order(owner_id=user.id, lines=lines, total=total_of(lines))


def total_of(lines: Sequence[OrderLine]) -> Decimal:
    """The sum of the lines."""
    return sum((line.unit_price * line.quantity for line in lines), Decimal("0.00"))


def confirmation(order: Order, items: dict[UUID, Item], user: User) -> Mail:
    """The mail that tells the owner."""
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
