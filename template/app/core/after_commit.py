"""Callbacks after a commit: they do not run if the transaction is rolled back."""

from collections.abc import Awaitable, Callable, Iterator

import structlog
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.util import await_

KEY = "after_commit"

log = structlog.get_logger(__name__)


def after_commit(session: AsyncSession, action: Callable[[], Awaitable[None]]) -> None:
    """Await `action` right after the session's transaction is committed, before the response.

    The request waits for it, so it needs a timeout of its own. An exception is logged: the
    transaction stays committed.
    """
    savepoint = session.sync_session.get_nested_transaction()
    session.info.setdefault(KEY, []).append((savepoint, action))


@event.listens_for(Session, "after_commit")
def _run(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint: the transaction goes on
        return
    for _, action in session.info.pop(KEY, ()):
        try:
            await_(action())  # SQLAlchemy commits in a greenlet of the event loop
        except Exception:
            log.exception("after_commit_failed")


@event.listens_for(Session, "after_rollback")
def _discard(session: Session) -> None:
    undone = session.get_nested_transaction()
    pairs = session.info.pop(KEY, ()) if undone else ()
    session.info[KEY] = [pair for pair in pairs if undone not in _with_parents(pair[0])]


@event.listens_for(Session, "after_transaction_end")
def _discard_the_rest(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:  # closed without a commit, or what is left of a rollback
        session.info.pop(KEY, None)


def _with_parents(savepoint: SessionTransaction | None) -> Iterator[SessionTransaction]:
    while savepoint:
        yield savepoint
        savepoint = savepoint.parent
