"""Read a list with cursors from the first page to the last."""

from collections.abc import AsyncGenerator
from typing import Any

from httpx2 import AsyncClient

ITEMS = "/api/v2/items"


async def cursor_pages(client: AsyncClient, **query: Any) -> AsyncGenerator[list[dict[str, Any]]]:
    """Yield page after page."""
    cursor: str | None = ""
    while cursor is not None:
        response = await client.get(ITEMS, params={**query, "cursor": cursor})
        assert response.status_code == 200, response.text
        page = response.json()
        cursor = page["next_cursor"]
        yield page["items"]


async def iter_items(client: AsyncClient, **query: Any) -> AsyncGenerator[dict[str, Any]]:
    """Yield item after item."""
    async for page in cursor_pages(client, **query):
        for item in page:
            yield item
