"""Makes engines. Every wait for the database has a time limit, so no request hangs with it."""

import os
import ssl
import time
from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any
from urllib.parse import urlencode

import structlog
from pydantic import BaseModel, Field
from sqlalchemy import URL, ExceptionContext, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.core.config import Settings
from app.core.database_url import DRIVER_OPTIONS, TLS_FILES, load_tls_file
from app.db.errors import DatabaseUnavailableError, code, connection_reason, translate

CONNECT_TIMEOUT_SECONDS = 3
STATEMENT_TIMEOUT_SECONDS = 5
READ_ONLY = {"isolation_level": "AUTOCOMMIT"}
# A pooler gives each transaction another connection, on which earlier statements are not prepared.
UNPREPARED = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}
# No SQLSTATE: no answer, or a server of another kind. 08: no connection. 57P03: it starts or stops.
TRY_NEXT_HOST = {"", "08001", "08003", "08006", "57P03"}

log = structlog.get_logger(__name__)


def create_engine(settings: Settings, **options: Any) -> AsyncEngine:
    """Make the engine of the service's own requests. `options` go to SQLAlchemy."""
    engine = create_async_engine(
        **engine_arguments(settings.database_url, prepared=settings.prepared_statements),
        hide_parameters=True,  # parameters are personal data, and errors are logged
        echo=settings.debug,
        **options,
    )
    core = engine.sync_engine
    event.listen(core, "do_connect", connect)
    event.listen(core, "handle_error", _translate_error)
    event.listen(core, "reset", _end_transaction)
    if engine.dialect.name == "sqlite":
        # By name, since a project on PostgreSQL has no such module.
        import_module("app.db.sqlite").add_listeners(core)
    else:
        event.listen(core, "checkout", _replace_closed)
    return engine


def engine_arguments(
    url: URL, *, prepared: bool = True, seconds: int = STATEMENT_TIMEOUT_SECONDS
) -> dict[str, Any]:
    """Return SQLAlchemy's arguments for a `DATABASE_URL`: address, TLS, time limits.

    `seconds` is the limit of a statement; 0 is none.
    """
    if url.get_backend_name() == "sqlite":
        return {"url": url, "connect_args": {"timeout": STATEMENT_TIMEOUT_SECONDS}}
    options = {name: str(value) for name, value in url.query.items()}
    limit = int(options.get("connect_timeout", 0)) or CONNECT_TIMEOUT_SECONDS
    arguments = {
        **_driver_arguments(options),
        "timeout": min(limit, CONNECT_TIMEOUT_SECONDS),  # a request does not wait longer
        # For a server that does not enforce its own limit any more.
        "command_timeout": seconds + 0.25 if seconds else None,
        "server_settings": _server_settings(options, seconds if prepared else None),
        **({} if prepared else UNPREPARED),
    }
    return {"url": url.set(query={}), "connect_args": arguments}


def _driver_arguments(options: Mapping[str, str]) -> dict[str, Any]:  # PostgreSQL
    arguments: dict[str, Any] = {}
    own = {name: value for name, value in options.items() if name in DRIVER_OPTIONS}
    if "host" in options:
        arguments["host"] = options["host"].split(",")
        arguments["port"] = [int(port) for port in options["port"].split(",")]
    if "," in options.get("host", ""):
        # A service writes: of several hosts it needs the primary.
        wanted = os.environ.get("PGTARGETSESSIONATTRS", "primary")
        own.setdefault("target_session_attrs", wanted)
    if own.get("sslrootcert") == "system":
        arguments["ssl"] = _system_context(own)
    if own:
        arguments["dsn"] = f"postgresql://?{urlencode(own)}"
    return arguments


def _system_context(options: dict[str, str]) -> ssl.SSLContext:  # PostgreSQL
    """Trust the system's certificates. With a context, the driver reads no option about TLS."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["postgresql"])
    for name in sorted(TLS_FILES & options.keys() - {"sslrootcert"}):
        load_tls_file(context, name, options)
    if version := options.get("ssl_min_protocol_version"):
        context.minimum_version = ssl.TLSVersion[version.replace(".", "_")]
    if version := options.get("ssl_max_protocol_version"):
        context.maximum_version = ssl.TLSVersion[version.replace(".", "_")]
    return context


def _server_settings(options: dict[str, str], seconds: int | None) -> dict[str, str]:  # PostgreSQL
    name = options.get("application_name") or options.get("fallback_application_name")
    settings = {"application_name": name or "", "options": options.get("options", "")}
    if seconds is not None:  # a pooler refuses what it cannot keep to one client
        settings["statement_timeout"] = settings["lock_timeout"] = str(seconds * 1000)
        settings["idle_in_transaction_session_timeout"] = str(seconds * 12 * 1000)
    return {name: value for name, value in settings.items() if value}


def connect(dialect: Any, _record: Any, args: Any, parameters: Any) -> Any:
    """Connect. A failure is 503 to the caller, and a sentence in the log."""
    try:
        if isinstance(parameters.get("host"), list):
            return _connect_in_turn(dialect, parameters)
        return dialect.connect(*args, **parameters)
    except Exception as error:
        failure = DatabaseUnavailableError(connection_reason(error, parameters))
        log.warning("database_unavailable", reason=failure.reason)
        raise failure from error


def _connect_in_turn(dialect: Any, parameters: Any) -> Any:  # PostgreSQL
    """Try each host for its share of the time that is left. The driver has one limit for all.

    A host that fails goes to the end of the list, which all connections of the engine share.
    """
    hosts, ports = parameters["host"], parameters["port"]
    # Given one host, the driver would take it for want of a standby.
    wanted = ("standby", "any") if "=prefer-standby" in parameters.get("dsn", "") else (None,)
    tries = [(*place, attrs) for attrs in wanted for place in zip(hosts, ports, strict=True)]
    deadline = time.monotonic() + parameters["timeout"]
    failure: BaseException = TimeoutError()
    for number, (host, port, attrs) in enumerate(tries):
        seconds = max(deadline - time.monotonic(), 0.1) / (len(tries) - number)
        one = {"host": host, "port": port, "target_session_attrs": attrs, "timeout": seconds}
        try:
            return dialect.connect(**parameters | one)
        except BaseException as error:
            failure = error
            if (hosts[0], ports[0]) == (host, port):  # no other connection has moved it
                hosts.append(hosts.pop(0))
                ports.append(ports.pop(0))
            if not isinstance(error, Exception) or code(error) not in TRY_NEXT_HOST:
                raise
    raise failure


def _translate_error(context: ExceptionContext) -> None:
    error = translate(context.original_exception, disconnected=context.is_disconnect)
    if not isinstance(error, DatabaseUnavailableError):
        return
    log.warning("database_unavailable", reason=error.reason)
    if isinstance(context.original_exception, TimeoutError) and context.connection is not None:
        # The server is silent: close the connection without waiting for it.
        context.is_disconnect = True
        driver: Any = context.connection.connection.driver_connection
        if hasattr(driver, "terminate"):
            driver.terminate()
    raise error from context.original_exception


def _replace_closed(connection: Any, _record: Any, _proxy: Any) -> None:  # PostgreSQL
    """Let the pool replace a closed connection: a ping without a round trip."""
    if connection.driver_connection.is_closed():
        raise DisconnectionError


def _end_transaction(connection: Any, _record: Any, state: Any) -> None:
    """Roll back the transaction of a failed COMMIT, which SQLAlchemy takes for ended."""
    # Costs nothing if there is no transaction; SQLite's driver knows whether there is one.
    in_transaction = getattr(connection.driver_connection, "in_transaction", True)
    if state.transaction_was_reset and state.asyncio_safe and in_transaction:
        connection.rollback()


class Pool(BaseModel):
    """The pool of database connections."""

    in_use: Annotated[int, Field(examples=[2])]
    idle: Annotated[int, Field(examples=[3])]
    limit: Annotated[int, Field(examples=[10])]


def pool_state(engine: AsyncEngine) -> Pool:
    """Return how much of the pool is in use."""
    pool = engine.pool
    return Pool(
        in_use=pool.checkedout(),  # ty: ignore[missing-attribute]
        idle=pool.checkedin(),  # ty: ignore[missing-attribute]
        limit=pool.size() + pool._max_overflow,  # ty: ignore[missing-attribute]
    )
