"""User accounts."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.permissions import Permission, held_permissions
from app.db.base import Base, HasId, HasTimes


class WithoutRoles:
    """A user without roles: where there are some, their model maps the attribute."""

    # Each role's name, and what it grants.
    roles: ClassVar[Mapping[str, Iterable[str]]] = {}


class User(WithoutRoles, HasId, HasTimes, Base):
    """A user account. `email` is normalized: see app/core/email_address.py."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    full_name: Mapped[str | None] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_superuser: Mapped[bool] = mapped_column(default=False)

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the user may do now."""
        return held_permissions(self.roles, is_superuser=self.is_superuser)
