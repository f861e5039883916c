"""`just seed` adds example rows once, and only while developing."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import Base
from dev.project import LauncherError
from dev.seed import NOTHING, check_environment, main, seed


async def numbers_of_rows(session: AsyncSession) -> dict[str, int | None]:
    """Return how many rows each table has."""
    tables = Base.metadata.tables.items()
    return {
        name: await session.scalar(select(func.count()).select_from(table))
        for name, table in tables
    }


async def test_the_rows_are_added_once(session: AsyncSession) -> None:
    before = await numbers_of_rows(session)
    first = await seed(session)
    seeded = await numbers_of_rows(session)

    await seed(session)

    assert await numbers_of_rows(session) == seeded
    assert (seeded != before) == (first != [NOTHING])


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_a_deployed_service_gets_no_example_rows(environment: str) -> None:
    with pytest.raises(LauncherError, match=f"ENVIRONMENT is {environment}"):
        check_environment(environment)


def test_a_refusal_is_a_sentence_and_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ENVIRONMENT", "production")

    assert main() == 1

    [line] = capsys.readouterr().err.splitlines()
    assert line.endswith("nothing was added.")
