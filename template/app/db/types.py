"""Column types that behave alike on PostgreSQL and on SQLite, which needs converters."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Numeric, TypeDecorator


class UtcOnSqlite(TypeDecorator[datetime]):
    """Stores UTC: SQLite has no time zones."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC."""
        return value.astimezone(UTC).replace(tzinfo=None) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return with the time zone."""
        return value.replace(tzinfo=UTC) if value else None


class CentsOnSqlite(TypeDecorator[Decimal]):
    """Stores whole cents: SQLite would store a decimal as a binary fraction."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> int | None:
        """Store cents."""
        return int(Decimal(value) * 100) if value is not None else None

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Return the amount."""
        return Decimal(value).scaleb(-2) if value is not None else None


Timestamp = DateTime(timezone=True).with_variant(UtcOnSqlite(), "sqlite")
Money = Numeric(18, 2).with_variant(CentsOnSqlite(), "sqlite")
