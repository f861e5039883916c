"""Items through the cache."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.factories import make_item


async def test_an_item_is_cached_until_it_changes(
    client: AsyncClient, session: AsyncSession
) -> None:
    url = f"/api/v1/items/{(await make_item(session)).id}"

    before = [(await client.get(url)).headers["x-cache"] for _ in range(2)]
    await client.patch(url, json={"stock": 7})
    after = await client.get(url)

    assert before == ["MISS", "HIT"]
    assert (after.json()["stock"], after.headers["x-cache"]) == (7, "MISS")
