"""Going through a list to its end."""

from collections.abc import AsyncGenerator
from typing import Any

from httpx2 import AsyncClient

ITEMS = "/api/v2/items"


async def pages(client: AsyncClient, **query: Any) -> AsyncGenerator[list[dict[str, Any]]]:
    """Ask for page after page."""
    cursor: str | None = ""
    while cursor is not None:
        response = await client.get(ITEMS, params={**query, "cursor": cursor})
        assert response.status_code == 200, response.text
        page = response.json()
        cursor = page["next_cursor"]
        yield page["items"]


async def walk(client: AsyncClient, **query: Any) -> AsyncGenerator[dict[str, Any]]:
    """Take one item after the other."""
    async for page in pages(client, **query):
        for item in page:
            yield item
