"""Specimens."""

import datetime as dt
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, HasId, HasTimes
from app.db.types import Money, Timestamp


class Specimen(HasId, HasTimes, Base):
    """A specimen. `version` grows by one with every change, and is the ETag."""

    __tablename__ = "specimens"
    # begin constraints
    __table_args__ = (
        CheckConstraint("price >= 0", name="price_not_negative"),
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        CheckConstraint("grade IN ('basic', 'fine')", name="grade_known"),
    )
    # end

    # owned: owner_id: Mapped[UUID] = mapped_column(
    # owned:     ForeignKey("users.id", ondelete="CASCADE"), index=True
    # owned: )
    # begin columns
    name: Mapped[str] = mapped_column(String(100), unique=True)
    description: Mapped[str | None] = mapped_column(Text)
    price: Mapped[Decimal] = mapped_column(Money)
    stock: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    made_on: Mapped[dt.date | None]
    tested_at: Mapped[dt.datetime | None] = mapped_column(Timestamp)
    serial: Mapped[UUID | None] = mapped_column(index=True)
    grade: Mapped[str] = mapped_column(String(20), default="basic")
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("specimens.id"), index=True)
    # end
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
