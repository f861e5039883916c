"""Locks of rows in PostgreSQL."""

from httpx2 import AsyncClient
from sqlalchemy import text

from app.db.session import Database
from tests.blueprint.factories import SPECIMENS, make_specimen


async def test_a_row_is_changed_while_others_refer_to_it(
    client: AsyncClient, database: Database
) -> None:
    path = f"{SPECIMENS}/{(await make_specimen(client))['id']}"
    async with database.transactions() as other:
        # As a new row that refers to it does.
        await other.execute(text("SELECT 1 FROM specimens FOR KEY SHARE"))
        response = await client.patch(path, json={"stock": 5})

    assert (response.status_code, response.json()["stock"]) == (200, 5)
