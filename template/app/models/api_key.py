"""API keys."""

from typing import Any

from sqlalchemy import JSON, Connection, String, delete, event
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base
from app.models.auth import UserAccess
from app.models.user import User


class ApiKey(UserAccess, Base):
    """A key of a user, for scripts. Of its text only the beginning and a hash are stored.

    `permissions` are names; None grants all that the user holds.
    """

    __tablename__ = "api_keys"

    name: Mapped[str] = mapped_column(String(100))
    prefix: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    permissions: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


@event.listens_for(User, "after_update")
def _delete_keys(_mapper: Any, connection: Connection, user: User) -> None:
    """Delete the keys of a user that is disabled, in the same transaction."""
    if not user.is_active:
        connection.execute(delete(ApiKey).where(ApiKey.user_id == user.id))
