"""Uploaded files."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, synonym

from app.db.base import Base, HasId, utc_now
from app.db.types import Timestamp


class File(HasId, Base):
    """The metadata of a file. The storage has its bytes, under a key made of the id."""

    __tablename__ = "files"
    __table_args__ = (CheckConstraint("size >= 0", name="size_not_negative"),)

    # The bytes of a deleted account are deleted by the orphan cleanup.
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    filename: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = synonym("filename")  # `?sort=name` works as in other lists
    content_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=utc_now, index=True)
