"""User accounts."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

from sqlalchemy import String, true
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.permissions import Permission, held_permissions
from app.db.base import Base, HasId, HasTimes


class WithoutRoles:
    """A user without roles: where there are some, their model maps the attribute."""

    # Each role's name, and what it grants.
    roles: ClassVar[Mapping[str, Iterable[str]]] = {}


class User(WithoutRoles, HasId, HasTimes, Base):
    """A user account. `email` is normalized: see app/core/mail.py."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(String(254), unique=True)
    # Accounts from before release 2.0 count as verified.
    email_verified: Mapped[bool] = mapped_column(default=False, server_default=true())
    # The new address, until it is verified. It reserves nothing: several accounts may wait for one.
    pending_email: Mapped[str | None] = mapped_column(String(254))
    full_name: Mapped[str | None] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(255))
    # Wrong passwords in a row: at `LOGIN_MAX_FAILURES` no password is accepted any more.
    failed_logins: Mapped[int] = mapped_column(default=0, server_default="0")
    is_active: Mapped[bool] = mapped_column(default=True)
    is_superuser: Mapped[bool] = mapped_column(default=False)

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the user may do now."""
        return held_permissions(self.roles, is_superuser=self.is_superuser)
