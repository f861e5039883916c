"""The base class and mixins of all models."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from app.db.types import Timestamp

# A later migration can only change constraints that have names.
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def utc_now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """The base class of every model."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


class HasId:
    """A time-ordered UUID (RFC 9562 version 7): new rows are added at the end of the index."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)


class HasTimes:
    """When the row was created and last changed."""

    created_at: Mapped[datetime] = mapped_column(Timestamp, default=utc_now, index=True)
    updated_at: Mapped[datetime] = mapped_column(Timestamp, default=utc_now, onupdate=utc_now)
