"""Queries about sign-ups."""

from datetime import date

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.signup import DailySignups


class SignupRepository:
    """Counts of sign-ups, in one database session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def count(self, day: date) -> None:
        """Count one more. Two that begin the day together are both counted."""
        if await self._increment(day):
            return
        try:
            async with self.session.begin_nested():
                self.session.add(DailySignups(day=day, count=1))
        except IntegrityError:
            await self._increment(day)

    async def _increment(self, day: date) -> bool:
        statement = (
            update(DailySignups)
            .where(DailySignups.day == day)
            .values(count=DailySignups.count + 1)
            .returning(DailySignups.count)
        )
        return await self.session.scalar(statement) is not None
