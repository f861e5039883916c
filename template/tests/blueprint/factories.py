"""Factories of specimens."""

from itertools import count
from typing import Any

from httpx2 import AsyncClient

SPECIMENS = "/api/v1/specimens"
numbers = count(1)


async def new_specimen_body(client: AsyncClient, /, **fields: Any) -> dict[str, Any]:
    """Return the body of a new specimen, and make the rows that it refers to."""
    # begin body
    defaults: dict[str, Any] = {
        "name": f"Name {next(numbers)}",
        "description": "Some words",
        "price": "9.90",
        "stock": 5,
        "active": True,
        "made_on": "2030-01-31",
        "tested_at": "2030-01-31T12:00:00Z",
        "serial": "0198c5a4-6f0e-7c3b-9d51-2b7c8e4f1a60",
        "grade": "basic",
    }
    # end
    return defaults | fields


async def make_specimen(client: AsyncClient, /, **fields: Any) -> dict[str, Any]:
    """Add a specimen as the client's user. Unique values are new unless given."""
    response = await client.post(SPECIMENS, json=await new_specimen_body(client, **fields))
    assert response.status_code == 201, response.text
    return response.json()
