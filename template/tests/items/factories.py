"""Factories of items."""

from itertools import count
from typing import Any

from httpx2 import AsyncClient

ITEMS = "/api/v1/items"
numbers = count(1)


async def new_item_body(client: AsyncClient, /, **fields: Any) -> dict[str, Any]:
    """Return the body of a new item, and make the rows that it refers to."""
    defaults: dict[str, Any] = {
        "name": f"Value {next(numbers)}",
        "description": "Some words",
        "price": "9.90",
        "stock": 0,
    }
    return defaults | fields


async def make_item(client: AsyncClient, /, **fields: Any) -> dict[str, Any]:
    """Add an item as the client's user. Unique values are new unless given."""
    response = await client.post(ITEMS, json=await new_item_body(client, **fields))
    assert response.status_code == 201, response.text
    return response.json()
