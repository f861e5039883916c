"""Roles: names for sets of permissions, given to users."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Dialect,
    ForeignKey,
    String,
    Text,
    TypeDecorator,
    cast,
    event,
    func,
    inspect,
    select,
    type_coerce,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column

from app.db.base import Base, HasId
from app.models.user import User

# Neither is in a role's name, nor in JSON.
BETWEEN_ROLES, BEFORE_PERMISSIONS = "\x1e", "\x1f"


class Role(HasId, Base):
    """A set of permissions. Names that the code does not know (any more) are ignored."""

    __tablename__ = "roles"

    name: Mapped[str] = mapped_column(String(50), unique=True)
    description: Mapped[str | None] = mapped_column(String(500))
    permissions: Mapped[list[str]] = mapped_column(JSON)


class UserRole(Base):
    """A role that a user has."""

    __tablename__ = "user_roles"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    role_id: Mapped[UUID] = mapped_column(
        ForeignKey("roles.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class RolesOfUser(TypeDecorator[Mapping[str, list[str]]]):
    """The roles of one user with what each grants, aggregated to one text."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> dict[str, list[str]]:
        """Split the text."""
        if not value:
            return {}
        parts = (role.partition(BEFORE_PERMISSIONS) for role in value.split(BETWEEN_ROLES))
        return {name: json.loads(permissions) for name, _, permissions in parts}


# A column of the user: who calls, and with which permissions, is read in one statement.
ROLES_OF_USER = (
    select(
        func.aggregate_strings(
            Role.name + BEFORE_PERMISSIONS + cast(Role.permissions, Text), BETWEEN_ROLES
        )
    )
    .join(UserRole, UserRole.role_id == Role.id)
    .where(UserRole.user_id == User.id)
    .correlate_except(Role, UserRole)
    .scalar_subquery()
)
inspect(User).add_property(
    "roles", column_property(type_coerce(ROLES_OF_USER, RolesOfUser), expire_on_flush=False)
)


@event.listens_for(User, "init")
def start_without_roles(user: User, _: Any, __: Any) -> None:
    """Give a new user no roles, which need not be read."""
    vars(user)["roles"] = {}
