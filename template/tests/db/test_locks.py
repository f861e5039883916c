"""Locks of rows in PostgreSQL."""

from httpx2 import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.blueprint.factories import SPECIMENS, make_specimen


async def test_a_row_is_changed_while_others_refer_to_it(
    client: AsyncClient, session: AsyncSession
) -> None:
    path = f"{SPECIMENS}/{(await make_specimen(client))['id']}"
    await session.execute(text("SELECT 1 FROM specimens FOR KEY SHARE"))  # as a new reference does

    response = await client.patch(path, json={"stock": 5})

    assert (response.status_code, response.json()["stock"]) == (200, 5)
