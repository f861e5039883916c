"""Constraints that the database enforces."""

from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import Cache
from app.schemas.item import ItemCreate
from app.services.item import ItemService


@pytest.mark.parametrize(("price", "stock"), [("-0.01", 0), ("1.00", -1)])
async def test_neither_price_nor_stock_is_ever_negative(
    session: AsyncSession, price: str, stock: int
) -> None:
    unchecked = ItemCreate.model_construct(name="Debt", price=Decimal(price), stock=stock)

    with pytest.raises(IntegrityError, match="_not_negative"):
        await ItemService(session, Cache()).create(unchecked)
