"""/api/v1/statistics."""

from decimal import Decimal
from typing import Any

import pytest
from httpx2 import AsyncClient
from redis import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from app.cache.read_through import PREFIX
from app.services.item import ITEMS_KEY
from tests.factories import make_item

STATISTICS = "/api/v1/statistics"
ITEMS = "/api/v1/items"


async def test_without_items_they_are_zero(client: AsyncClient) -> None:
    response = await client.get(STATISTICS)

    assert response.json() == {"items": 0, "in_stock": 0, "units": 0, "value": "0.00"}


async def test_stock_is_counted_and_valued_to_the_cent(
    client: AsyncClient, session: AsyncSession
) -> None:
    await make_item(session, price=Decimal("0.10"), stock=3)
    await make_item(session, price=Decimal("1234567.89"), stock=2)
    await make_item(session, price=Decimal("5.00"), stock=0)

    response = await client.get(STATISTICS)

    assert response.json() == {"items": 3, "in_stock": 2, "units": 5, "value": "2469136.08"}


async def test_large_stocks_do_not_overflow(client: AsyncClient, session: AsyncSession) -> None:
    for _ in range(3):
        await make_item(session, price=Decimal("9999999999.99"), stock=1_000_000_000)

    value = Decimal((await client.get(STATISTICS)).json()["value"])

    assert value == pytest.approx(Decimal("29999999999970000000.00"), rel=Decimal("1e-12"))


async def test_they_are_computed_once_and_not_cached_by_clients(client: AsyncClient) -> None:
    responses = [await client.get(STATISTICS) for _ in range(2)]

    assert [r.headers["x-cache"] for r in responses] == ["MISS", "HIT"]
    assert {r.headers["cache-control"] for r in responses} == {"no-cache"}


@pytest.mark.parametrize(
    ("method", "body", "items", "units"),
    [
        ("POST", {"name": "Teapot", "price": "24.90", "stock": 2}, 2, 7),
        ("PATCH", {"stock": 9}, 1, 9),
        ("DELETE", None, 0, 0),
    ],
)
async def test_they_follow_every_change(
    client: AsyncClient, session: AsyncSession, method: str, body: Any, items: int, units: int
) -> None:
    item = await make_item(session)
    await client.get(STATISTICS)

    await client.request(method, ITEMS if method == "POST" else f"{ITEMS}/{item.id}", json=body)

    now = (await client.get(STATISTICS)).json()
    assert (now["items"], now["units"]) == (items, units)


async def test_a_corrupt_entry_is_a_miss(client: AsyncClient, redis_client: Redis) -> None:
    redis_client.rpush(f"{PREFIX}{ITEMS_KEY}", "one")

    response = await client.get(STATISTICS)

    assert (response.status_code, response.headers["x-cache"]) == (200, "MISS")
