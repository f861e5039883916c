"""GET /api/v1/suppliers, and the header of the middleware."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.supplier import Supplier


async def test_suppliers_are_listed_by_name(client: AsyncClient, session: AsyncSession) -> None:
    session.add_all([Supplier(name="Zinc & Sons"), Supplier(name="Acme")])
    await session.flush()

    answer = await client.get("/api/v1/suppliers")

    assert [supplier["name"] for supplier in answer.json()] == ["Acme", "Zinc & Sons"]
    assert answer.headers["x-served-by"] == "the 1st of us"
