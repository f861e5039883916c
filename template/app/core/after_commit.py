"""Doing things once a transaction is committed, and never if it is not."""

from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

KEY = "after_commit"


def after_commit(session: AsyncSession, action: Callable[[], None]) -> None:
    """Call `action` right after the session's transaction is committed."""
    savepoint = session.sync_session.get_nested_transaction()
    session.info.setdefault(KEY, []).append((savepoint, action))


@event.listens_for(Session, "after_commit")
def _act(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint: the transaction goes on
        return
    for _, action in session.info.pop(KEY, ()):
        action()


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    undone = session.get_nested_transaction()
    kept = [pair for pair in session.info.pop(KEY, ()) if undone and pair[0] is not undone]
    session.info[KEY] = kept
