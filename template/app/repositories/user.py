"""Queries about users."""

from uuid import UUID

from sqlalchemy import or_, select, update

from app.core.email_address import email_spellings
from app.core.pagination import PageRows
from app.models.user import User
from app.repositories.base import Repository
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

    async def set_password_hash(self, user_id: UUID, password_hash: str) -> None:
        """Store a new hash of the password."""
        statement = update(User).where(User.id == user_id).values(password_hash=password_hash)
        await self.session.execute(statement)

    async def lock_superusers(self) -> set[UUID]:
        """Lock the active superusers and return their ids. The order prevents deadlocks."""
        statement = (
            select(User.id)
            .where(User.is_superuser, User.is_active)
            .order_by(User.id)
            .with_for_update()
        )
        return set(await self.session.scalars(statement))
