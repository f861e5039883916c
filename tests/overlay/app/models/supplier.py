"""Suppliers."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, HasId, HasTimes


class Supplier(HasId, HasTimes, Base):
    """A company we order from."""

    __tablename__ = "suppliers"

    name: Mapped[str] = mapped_column(String(100), unique=True)
