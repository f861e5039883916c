"""/api/v1/orders."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status

from app.api.auth import CurrentUserDep, MailerDep, SuperuserDep
from app.api.deps import CacheDep, SessionDep
from app.api.events import EventsDep
from app.api.headers import location, no_store
from app.api.openapi import problems
from app.api.openapi_headers import headers
from app.core.pagination import Page
from app.models.order import Order
from app.schemas.order import OrderCreate, OrderQuery, OrderRead
from app.services.item import ItemNotFoundError
from app.services.order import (
    InsufficientStockError,
    OrderCancelledError,
    OrderNotFoundError,
    OrderService,
)

router = APIRouter(prefix="/orders", tags=["Orders"], dependencies=[Depends(no_store)])


async def get_order_service(
    session: SessionDep, mailer: MailerDep, cache: CacheDep, events: EventsDep
) -> OrderService:
    """Orders in the request's session."""
    return OrderService(session, mailer, cache, events)


OrderServiceDep = Annotated[OrderService, Depends(get_order_service)]


@router.get("")
async def list_orders(
    user: CurrentUserDep, orders: OrderServiceDep, query: Annotated[OrderQuery, Query()]
) -> Page[OrderRead]:
    """List your orders; everybody's, as a superuser."""
    return Page[OrderRead].of(await orders.page(query, user), query)


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
    """Take items out of stock: all lines, or none. A confirmation is mailed to you."""
    order = await orders.create(data, user)
    response.headers["Location"] = location(request, f"/api/v1/orders/{order.id}")
    return order


@router.get("/{order_id:uuid}", response_model=OrderRead, responses=problems(OrderNotFoundError))
async def get_order(order_id: UUID, user: CurrentUserDep, orders: OrderServiceDep) -> Order:
    """Read one of your orders."""
    return await orders.get(order_id, user)


@router.post(
    "/{order_id:uuid}/cancel", response_model=OrderRead, responses=problems(OrderNotFoundError)
)
async def cancel_order(order_id: UUID, user: CurrentUserDep, orders: OrderServiceDep) -> Order:
    """Cancel one of your orders. Its items go back into stock, once."""
    return await orders.cancel(order_id, user)


@router.post(
    "/{order_id:uuid}/confirm",
    response_model=OrderRead,
    responses=problems(OrderNotFoundError, OrderCancelledError),
)
async def confirm_order(order_id: UUID, user: SuperuserDep, orders: OrderServiceDep) -> Order:
    """Mark an order as on its way. For superusers."""
    return await orders.confirm(order_id, user)
