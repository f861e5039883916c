"""How many people join."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base


class DailySignups(Base):
    """How many registered on a day (UTC)."""

    __tablename__ = "daily_signups"

    day: Mapped[date] = mapped_column(primary_key=True)
    count: Mapped[int]
