"""Callbacks after a commit: those of what is rolled back never run."""

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.after_commit import after_commit
from app.db.session import Database


class Recorder:
    """Registers callbacks that record their names."""

    def __init__(self) -> None:
        self.called: list[str] = []

    def register(self, session: AsyncSession, name: str) -> None:
        async def act() -> None:
            self.called.append(name)

        after_commit(session, act)


@pytest.mark.parametrize("undone", ["none", "inner", "outer"])
async def test_what_a_savepoint_undoes_undoes_those_within(database: Database, undone: str) -> None:
    recorder = Recorder()
    async with database.transactions() as session:
        recorder.register(session, "transaction")
        outer = await session.begin_nested()
        recorder.register(session, "outer")
        inner = await session.begin_nested()
        recorder.register(session, "inner")
        await (inner.rollback() if undone == "inner" else inner.commit())
        await (outer.rollback() if undone == "outer" else outer.commit())
        assert recorder.called == []
        await session.commit()

    kept = {"none": ["outer", "inner"], "inner": ["outer"], "outer": []}
    assert recorder.called == ["transaction", *kept[undone]]


async def test_a_session_that_is_closed_and_used_again_calls_only_what_was_registered_since(
    database: Database,
) -> None:
    recorder = Recorder()
    async with database.transactions() as session:
        await session.execute(text("SELECT 1"))
        recorder.register(session, "before")
        await session.close()
        await session.execute(text("SELECT 1"))
        recorder.register(session, "since")
        await session.commit()

    assert recorder.called == ["since"]
