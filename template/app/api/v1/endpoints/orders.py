"""/api/v1/orders: orders, which take items out of stock."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response, status

from app.api.auth import CallerDep, CurrentUserDep, require_owner, requires
from app.api.deps import PrefixRouter, SessionDep
from app.api.responses import headers, location, no_store, problems
from app.auth.permissions import Permission
from app.core.state import Request
from app.models.order import Order
from app.schemas.order import OrderCreate, OrderQuery, OrderRead
from app.schemas.pagination import Page
from app.services.item import ItemNotFoundError
from app.services.order import (
    InsufficientStockError,
    OrderCancelledError,
    OrderNotFoundError,
    OrderService,
)

router = PrefixRouter(prefix="/orders", tags=["Orders"], dependencies=[Depends(no_store)])


async def get_order_service(request: Request, session: SessionDep) -> OrderService:
    """Make the service for one request."""
    state = request.app.state
    return OrderService(session, state.mailer, state.cache, state.events)


OrderServiceDep = Annotated[OrderService, Depends(get_order_service)]


@router.get("", dependencies=[Depends(require_owner)])
async def list_orders(
    caller: CallerDep, orders: OrderServiceDep, query: Annotated[OrderQuery, Query()]
) -> Page[OrderRead]:
    """List your orders; all orders, if you may read them."""
    return Page[OrderRead].of(await orders.page(query, caller), query)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=OrderRead,
    responses={201: headers("Location"), **problems(ItemNotFoundError, InsufficientStockError)},
)
async def create_order(
    data: OrderCreate,
    user: CurrentUserDep,
    orders: OrderServiceDep,
    request: Request,
    response: Response,
) -> Order:
    """Order items: all lines are taken out of stock, or none. You get a confirmation by mail."""
    order = await orders.create(data, user)
    response.headers["Location"] = location(request, f"/api/v1/orders/{order.id}")
    return order


@router.get(
    "/{order_id:uuid}",
    response_model=OrderRead,
    responses=problems(OrderNotFoundError),
    dependencies=[Depends(require_owner)],
)
async def get_order(order_id: UUID, caller: CallerDep, orders: OrderServiceDep) -> Order:
    """Read one of your orders."""
    return await orders.get(order_id, caller)


@router.post(
    "/{order_id:uuid}/cancel",
    response_model=OrderRead,
    responses=problems(OrderNotFoundError),
    dependencies=[Depends(require_owner)],
)
async def cancel_order(order_id: UUID, caller: CallerDep, orders: OrderServiceDep) -> Order:
    """Cancel one of your orders. Its items go back into stock."""
    return await orders.cancel(order_id, caller)


@router.post(
    "/{order_id:uuid}/confirm",
    response_model=OrderRead,
    responses=problems(OrderNotFoundError, OrderCancelledError),
    dependencies=[requires(Permission.ORDERS_WRITE)],
)
async def confirm_order(order_id: UUID, caller: CallerDep, orders: OrderServiceDep) -> Order:
    """Confirm an order."""
    return await orders.confirm(order_id, caller)
