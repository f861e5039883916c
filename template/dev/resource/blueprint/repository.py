"""Queries about specimens."""

from sqlalchemy import ColumnElement, or_

from app.repositories.base import Repository
from dev.resource.blueprint.model import Specimen
from dev.resource.blueprint.schemas import SpecimenFilter


class SpecimenRepository(Repository[Specimen]):
    """The specimens of one session."""

    model = Specimen
    sortable = (
        "created_at",
        # begin sortable
        "name",
        "description",
        "price",
        "stock",
        "active",
        "made_on",
        "tested_at",
        "serial",
        "grade",
        "parent_id",
        # end
    )

    # owned: def __init__(self, session: AsyncSession, owner_id: UUID) -> None:
    # owned:     super().__init__(session)
    # owned:     self.owner_id = owner_id
    # owned:
    # owned: async def get(self, id: UUID) -> Specimen | None:
    # owned:     """Find a specimen of the owner."""
    # owned:     return await self.session.scalar(self._own(id))
    # owned:
    # owned: async def get_for_update(self, id: UUID) -> Specimen | None:
    # owned:     """Find a specimen of the owner, and lock it until the transaction ends."""
    # owned:     return await self.session.scalar(self._own(id).with_for_update(key_share=True))
    # owned:
    # owned: async def page(
    # owned:     self, query: PageQuery, sort: str, where: Iterable[ColumnElement[bool]] = ()
    # owned: ) -> PageRows:
    # owned:     """Read one page of the owner's specimens."""
    # owned:     own = Specimen.owner_id == self.owner_id
    # owned:     return await super().page(query, sort, [own, *where])
    # owned:
    # owned: def _own(self, id: UUID) -> Select[Specimen]:
    # owned:     own = Specimen.owner_id == self.owner_id
    # owned:     return select(Specimen).where(Specimen.id == id, own)


def conditions_of(query: SpecimenFilter) -> list[ColumnElement[bool]]:
    """Translate the filters of a query to SQL."""
    conditions: list[ColumnElement[bool]] = []
    # begin conditions
    if query.q:
        texts = [
            Specimen.name.icontains(query.q, autoescape=True),
            Specimen.description.icontains(query.q, autoescape=True),
        ]
        conditions.append(or_(*texts))
    if query.name is not None:
        conditions.append(Specimen.name == query.name)
    if query.min_price is not None:
        conditions.append(Specimen.price >= query.min_price)
    if query.max_price is not None:
        conditions.append(Specimen.price <= query.max_price)
    if query.min_stock is not None:
        conditions.append(Specimen.stock >= query.min_stock)
    if query.max_stock is not None:
        conditions.append(Specimen.stock <= query.max_stock)
    if query.in_stock is not None:
        conditions.append(Specimen.stock > 0 if query.in_stock else Specimen.stock <= 0)
    if query.active is not None:
        conditions.append(Specimen.active == query.active)
    if query.min_made_on is not None:
        conditions.append(Specimen.made_on >= query.min_made_on)
    if query.max_made_on is not None:
        conditions.append(Specimen.made_on <= query.max_made_on)
    if query.min_tested_at is not None:
        conditions.append(Specimen.tested_at >= query.min_tested_at)
    if query.max_tested_at is not None:
        conditions.append(Specimen.tested_at <= query.max_tested_at)
    if query.serial is not None:
        conditions.append(Specimen.serial == query.serial)
    if query.grade is not None:
        conditions.append(Specimen.grade == query.grade)
    if query.parent_id is not None:
        conditions.append(Specimen.parent_id == query.parent_id)
    # end
    return conditions
