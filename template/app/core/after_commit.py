"""Doing things once a transaction is committed, and never if it is not."""

from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.util import await_

KEY = "after_commit"

log = structlog.get_logger(__name__)


def after_commit(session: AsyncSession, action: Callable[[], Awaitable[None]]) -> None:
    """Await `action` right after the session's transaction is committed, before anybody is told.

    The request waits for it, so it must bound its own waits. What it raises is logged: the
    transaction is committed, whatever comes of the action.
    """
    savepoint = session.sync_session.get_nested_transaction()
    session.info.setdefault(KEY, []).append((savepoint, action))


@event.listens_for(Session, "after_commit")
def _act(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint: the transaction goes on
        return
    for _, action in session.info.pop(KEY, ()):
        try:
            await_(action())  # SQLAlchemy commits in a greenlet of the event loop
        except Exception:
            log.exception("after_commit_failed")


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    undone = session.get_nested_transaction()
    kept = [pair for pair in session.info.pop(KEY, ()) if undone and pair[0] is not undone]
    session.info[KEY] = kept
