"""`just resource` refuses the words that PostgreSQL reserves."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from dev.resource.words import SQL_WORDS, SYSTEM_COLUMNS

# Those that are reserved, also if only as the names of columns and tables.
KEYWORDS = "SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T')"
COLUMNS = "SELECT DISTINCT attname FROM pg_attribute WHERE attnum < 0"


@pytest.mark.parametrize(
    ("statement", "refused"),
    [(KEYWORDS, SQL_WORDS), (COLUMNS, SYSTEM_COLUMNS)],
    ids=["keywords", "columns"],
)
async def test_all_of_them_are_known(
    session: AsyncSession, statement: str, refused: set[str]
) -> None:
    words = set(await session.scalars(text(statement)))

    assert words
    assert words - refused == set()
