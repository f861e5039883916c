"""Engines, with every wait bounded: no request may hang because the database does."""

from typing import Any

from sqlalchemy import URL, Connection, ExceptionContext, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core.config import Settings
from app.db.errors import translate

CONNECT_SECONDS = 3
STATEMENT_SECONDS = 5
READ_ONLY = {"isolation_level": "AUTOCOMMIT"}


def create_engine(settings: Settings, **options: Any) -> AsyncEngine:
    """Make the engine of the service's own requests. `options` go to SQLAlchemy."""
    url = settings.database_url
    engine = create_async_engine(
        url,
        connect_args=connect_args(url),
        hide_parameters=True,  # parameters are people's data, and errors are logged
        echo=settings.debug,
        **options,
    )
    _listen(engine)
    return engine


def pool_options(settings: Settings) -> dict[str, Any]:
    """Bound the pool. Connections to the server: processes x (size + overflow)."""
    return {
        "pool_size": settings.db_pool_size,
        "max_overflow": settings.db_max_overflow,
        "pool_timeout": settings.db_pool_timeout,
        "pool_recycle": settings.db_pool_recycle,
    }


def connect_args(url: URL) -> dict[str, Any]:
    """Bound the waits of one connection."""
    if url.get_backend_name() == "sqlite":
        return {"timeout": STATEMENT_SECONDS}
    milliseconds = str(STATEMENT_SECONDS * 1000)
    return {
        "timeout": CONNECT_SECONDS,
        "command_timeout": STATEMENT_SECONDS + 0.25,  # for a server too far gone to count itself
        "server_settings": {
            "statement_timeout": milliseconds,
            "lock_timeout": milliseconds,
            "idle_in_transaction_session_timeout": str(60 * 1000),
        },
    }


def _listen(engine: AsyncEngine) -> None:
    core = engine.sync_engine
    event.listen(core, "do_connect", _connect)
    event.listen(core, "handle_error", _translate_error)
    event.listen(core, "reset", _end_transaction)
    if engine.dialect.name == "sqlite":
        event.listen(core, "connect", _prepare_sqlite)
        event.listen(core, "begin", _begin_immediate)
    else:
        event.listen(core, "checkout", _refuse_closed)


def _connect(dialect: Any, _record: Any, args: Any, parameters: Any) -> Any:
    """Report a refused or silent connection as what it is to the caller."""
    try:
        return dialect.connect(*args, **parameters)
    except Exception as error:
        raise translate(error) from error


def _translate_error(context: ExceptionContext) -> None:
    error = translate(context.original_exception, disconnected=context.is_disconnect)
    if error is context.original_exception:
        return
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
