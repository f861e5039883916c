"""Why the database cannot be used: a sentence for the log and the command line."""

import ssl
from collections.abc import Mapping
from socket import gaierror
from typing import Any

POOLER = "Behind PgBouncer or another pooler set DB_PREPARED_STATEMENTS=false."
# By SQLSTATE, while connecting.
REFUSED = {
    "28000": "The database server refuses the role",
    "28P01": "The database server refuses the role or its password",
    "3D000": "There is no such database",
    "42501": "The role may not use the database",
    "53300": "The database server has no connection left",
    "57P03": "The database server takes no connections now",
}
# By SQLSTATE, of a statement.
GAVE_UP = {
    "0A000": "The schema has changed meanwhile",
    "25006": "The database takes no writes: it is a standby, or was made read-only",
    "26000": f"A prepared statement is gone. {POOLER}",
    "42501": "The role of DATABASE_URL may not do this",
    "42P01": "The schema lacks a table: is it the right database, and was `migrate` run?",
    "42P05": f"A prepared statement was there already. {POOLER}",
    "55P03": "A lock was not given in time",
    "57014": "A statement took too long",
}


def connection_reason(error: BaseException, parameters: Mapping[str, Any]) -> str:
    """Say why there is no connection. `parameters` are the driver's."""
    if code(error):
        return _refusal(error)
    where = _where(parameters)
    match error:
        case TimeoutError():
            return f"The database at {where} does not answer within {parameters['timeout']} s."
        case gaierror():
            return f"The host of the database is not known: {where} ({error.strerror})."
        case ssl.SSLCertVerificationError():
            return f"The certificate of the database at {where} is refused: {error.verify_message}."
        case ssl.SSLError():
            return f"TLS with the database at {where} fails: {error.reason or error}."
        case ConnectionError() if "SSL" in str(error):
            return f"The database at {where} offers no TLS, which sslmode asks for."
        case OSError():
            return f"The database at {where} cannot be reached: {error.strerror or error}."
    return f"The database at {where} cannot be used: {error} ({type(error).__name__})."


def statement_reason(error: BaseException, state: str) -> str:
    """Say why a statement was given up."""
    if isinstance(error, TimeoutError):
        return "The database does not answer within the time of a statement."
    return _sentence(GAVE_UP.get(state, "The database gave up"), error)


def code(error: Any) -> str:
    """The SQLSTATE, or SQLite's name for the error."""
    return getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None) or ""


def _refusal(error: BaseException) -> str:
    state, message = code(error), str(error)
    if state.startswith("SQLITE"):
        return _sentence("The database file cannot be used", error)
    if "parameter" in message:
        return _sentence("The database server, or its pooler, refuses a parameter", error, POOLER)
    return _sentence(REFUSED.get(state, "The database refuses the connection"), error)


def _sentence(what: str, error: BaseException, more: str = "") -> str:
    # The driver's adapter puts its class before the server's words; hints follow on lines below.
    said = str(error).partition("\n")[0].rpartition(">: ")[2].rstrip(".")
    return f"{what}: {said} ({code(error) or type(error).__name__}). {more}".strip()


def _where(parameters: Mapping[str, Any]) -> str:
    hosts, ports = parameters.get("host"), parameters.get("port")
    if isinstance(hosts, list) and isinstance(ports, list):
        return ", ".join(f"{host}:{port}" for host, port in zip(hosts, ports, strict=True))
    return f"{hosts or 'the default host'}:{ports or 5432}"
