"""Doing things once a transaction is committed, and never if it is not."""

from collections.abc import Callable

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

KEY = "after_commit"


def after_commit(session: AsyncSession, action: Callable[[], None]) -> None:
    """Call `action` right after the session's transaction is committed."""
    session.info.setdefault(KEY, []).append(action)


@event.listens_for(Session, "after_commit")
def _act(session: Session) -> None:
    for action in session.info.pop(KEY, ()):
        action()


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(KEY, None)
