"""Queries about users."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update

from app.core.mail import email_spellings
from app.models.user import User
from app.repositories.base import Repository
from app.schemas.pagination import PageRows
from app.schemas.user import UserQuery


class UserRepository(Repository[User]):
    """The users of one session."""

    model = User
    sortable = ("created_at", "email")

    async def search(self, query: UserQuery) -> PageRows:
        """Read one page of the users that match."""
        where = []
        if query.q:
            columns = (User.email, User.full_name)
            matches = [column.icontains(query.q, autoescape=True) for column in columns]
            where.append(or_(*matches, User.email.in_(email_spellings(query.q))))
        return await self.page(query, query.sort, where)

    async def by_email(self, email: str) -> User | None:
        """Return the user with this email, in any spelling."""
        statement = select(User).where(User.email.in_(email_spellings(email)))
        return await self.session.scalar(statement)

    async def lock_unverified(self, email: str) -> User | None:
        """Lock and return an active user who has to verify this address, its own account first."""
        own = User.email.in_(email_spellings(email))
        waiting = or_(own & ~User.email_verified, User.pending_email == email)
        statement = (
            select(User)
            .where(User.is_active, waiting)
            .order_by(own.desc(), User.updated_at.desc())
            .limit(1)
            .with_for_update()
        )
        return await self.session.scalar(statement)

    async def count_attempt(self, user_id: UUID, limit: int) -> int | None:
        """Count a failure and return how many there are; None if it were more than the limit."""
        changes = {"failed_logins": User.failed_logins + 1}
        return await self.write(user_id, changes, User.failed_logins < limit)

    async def accept_password(self, user_id: UUID, verified: str | None, new_hash: str) -> None:
        """Reset the count, and store the hash, unless the account was changed meanwhile."""
        unchanged = (User.password_hash == verified, User.is_active.is_(True))
        await self.write(user_id, {"failed_logins": 0, "password_hash": new_hash}, *unchanged)

    async def write(
        self, user_id: UUID, changes: dict[str, Any], *conditions: ColumnElement[bool]
    ) -> int | None:
        """Change what the user has not changed: `updated_at` stays. Returns `failed_logins`."""
        statement = update(User).where(User.id == user_id, *conditions)
        statement = statement.values(updated_at=User.updated_at, **changes)
        return await self.session.scalar(statement.returning(User.failed_logins))

    async def lock_superusers(self) -> set[UUID]:
        """Lock the active superusers and return their ids. The order prevents deadlocks."""
        statement = (
            select(User.id)
            .where(User.is_superuser, User.is_active)
            .order_by(User.id)
            .with_for_update()
        )
        return set(await self.session.scalars(statement))
