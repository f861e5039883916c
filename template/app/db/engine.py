"""Engines, with every wait bounded: no request may hang because the database does."""

from typing import Any

import structlog
from sqlalchemy import Connection, ExceptionContext, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core.config import Settings
from app.db.connection import engine_arguments
from app.db.errors import DatabaseUnavailableError, translate
from app.db.pool import FifoPool
from app.db.reasons import connection_reason

READ_ONLY = {"isolation_level": "AUTOCOMMIT"}

log = structlog.get_logger(__name__)


def create_engine(settings: Settings, **options: Any) -> AsyncEngine:
    """Make the engine of the service's own requests. `options` go to SQLAlchemy."""
    engine = create_async_engine(
        **engine_arguments(settings.database_url, prepared=settings.prepared_statements),
        hide_parameters=True,  # parameters are people's data, and errors are logged
        echo=settings.debug,
        **options,
    )
    _listen(engine)
    return engine


def pool_options(settings: Settings) -> dict[str, Any]:
    """Bound the pool. Connections to the server: processes x (size + overflow)."""
    return {
        "poolclass": FifoPool,
        "pool_size": settings.db_pool_size,
        "max_overflow": settings.db_max_overflow,
        "pool_timeout": settings.db_pool_timeout,
        "pool_recycle": settings.db_pool_recycle,
    }


def _listen(engine: AsyncEngine) -> None:
    core = engine.sync_engine
    event.listen(core, "do_connect", connect)
    event.listen(core, "handle_error", _translate_error)
    event.listen(core, "reset", _end_transaction)
    if engine.dialect.name == "sqlite":
        event.listen(core, "connect", _prepare_sqlite)
        event.listen(core, "begin", _begin_immediate)
    else:
        event.listen(core, "checkout", _refuse_closed)


def connect(dialect: Any, _record: Any, args: Any, parameters: Any) -> Any:
    """Connect. Whatever prevents it is a 503 to callers, and a sentence to those who run us."""
    try:
        return dialect.connect(*args, **parameters)
    except Exception as error:
        failure = DatabaseUnavailableError(connection_reason(error, parameters))
        log.warning("database_unavailable", reason=failure.reason)
        raise failure from error


def _translate_error(context: ExceptionContext) -> None:
    error = translate(context.original_exception, disconnected=context.is_disconnect)
    if not isinstance(error, DatabaseUnavailableError):
        return
    log.warning("database_unavailable", reason=error.reason)
    if isinstance(context.original_exception, TimeoutError) and context.connection is not None:
        # The server is silent: do not wait for its goodbye.
        context.is_disconnect = True
        _hang_up(context.connection)
    raise error from context.original_exception


def _hang_up(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    if hasattr(driver, "terminate"):
        driver.terminate()


def _refuse_closed(connection: Any, _record: Any, _proxy: Any) -> None:
    """Let the pool replace a connection that the server has closed: a ping without a round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _end_transaction(connection: Any, _record: Any, state: Any) -> None:
    """Roll back what a failed COMMIT left open; SQLAlchemy takes that transaction for ended."""
    # Costs nothing if there is no transaction, and SQLite's driver is asked first.
    open_still = getattr(connection.driver_connection, "in_transaction", True)
    if state.transaction_was_reset and state.asyncio_safe and open_still:
        connection.rollback()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _lower(text: str | None) -> str | None:
    """SQLite's own lower() knows ASCII only."""
    return text.lower() if text is not None else None


def _begin_immediate(connection: Connection) -> None:
    """Take SQLite's write lock first; a transaction that asks for it later fails at once."""
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
