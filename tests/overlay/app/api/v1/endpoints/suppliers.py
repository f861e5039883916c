"""/api/v1/suppliers."""

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from app.api.deps import SessionDep, SettingsDep
from app.models.supplier import Supplier

router = APIRouter(prefix="/suppliers", tags=["Suppliers"])


class SupplierRead(BaseModel):
    """A supplier as callers see it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str


@router.get("", response_model=list[SupplierRead])
async def list_suppliers(session: SessionDep, settings: SettingsDep) -> list[Supplier]:
    """List suppliers by name."""
    query = select(Supplier).order_by(Supplier.name).limit(settings.suppliers_max)
    return list(await session.scalars(query))
