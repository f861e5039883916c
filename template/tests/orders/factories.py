"""Factories of orders."""

from typing import Any

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.item import Item
from tests.factories import make_item

ORDERS = "/api/v1/orders"


def order_of(*items: Item, quantity: int = 1) -> dict[str, Any]:
    """The body of an order: a line for each item."""
    return {"lines": [{"item_id": str(item.id), "quantity": quantity} for item in items]}


async def make_order(client: AsyncClient, *items: Item, quantity: int = 1) -> dict[str, Any]:
    """Order as the client's user."""
    response = await client.post(ORDERS, json=order_of(*items, quantity=quantity))
    assert response.status_code == 201, response.text
    return response.json()


async def make_items(session: AsyncSession, number: int) -> list[Item]:
    """Add several items."""
    return [await make_item(session) for _ in range(number)]
