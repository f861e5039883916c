"""The driver's arguments for a connection: address, TLS, timeouts."""

import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import URL

from app.core.postgresql_options import DRIVER

CONNECT_SECONDS = 3
STATEMENT_SECONDS = 5
# A pooler gives each transaction another connection, which knows no statements prepared before:
# the driver then sends each without a name, and keeps none.
UNPREPARED = {"statement_cache_size": 0, "prepared_statement_cache_size": 0}


def engine_arguments(
    url: URL, *, prepared: bool = True, seconds: int = STATEMENT_SECONDS
) -> dict[str, Any]:
    """Return what SQLAlchemy needs of a `DATABASE_URL`: where it is, and bounds for the waits.

    `seconds` is for a statement; with 0 it may take as long as it takes.
    """
    if url.get_backend_name() == "sqlite":
        return {"url": url, "connect_args": {"timeout": STATEMENT_SECONDS}}
    options = {name: str(value) for name, value in url.query.items()}
    arguments = {
        **_place(options),
        "timeout": _connect_seconds(options),
        # For a server too far gone to count itself.
        "command_timeout": seconds + 0.25 if seconds else None,
        "server_settings": _server_settings(options, seconds if prepared else None),
        **({} if prepared else UNPREPARED),
    }
    return {"url": url.set(query={}), "connect_args": arguments}


def _connect_seconds(options: Mapping[str, str]) -> int:
    """The time to connect in: `connect_timeout`, but no longer than a request can wait."""
    given = int(options.get("connect_timeout", 0))
    return min(given, CONNECT_SECONDS) or CONNECT_SECONDS


def _place(options: Mapping[str, str]) -> dict[str, Any]:
    place: dict[str, Any] = {}
    if "host" in options:
        place["host"] = options["host"].split(",")
        place["port"] = [int(port) for port in options["port"].split(",")]
    own = {name: value for name, value in options.items() if name in DRIVER}
    if own.get("sslrootcert") == "system":
        place["ssl"] = _system_trust(own)
    elif own:
        place["dsn"] = f"postgresql://?{urlencode(own)}"
    return place


def _system_trust(options: Mapping[str, str]) -> ssl.SSLContext:
    """Trust whom the system trusts, and insist on the host's name."""
    context = ssl.create_default_context()
    if certificate := options.get("sslcert"):
        password = options.get("sslpassword", "")
        context.load_cert_chain(certificate, options.get("sslkey"), password)
    return context


def _server_settings(options: Mapping[str, str], seconds: int | None) -> dict[str, str]:
    name = options.get("application_name") or options.get("fallback_application_name")
    given = {"application_name": name or "", "options": options.get("options", "")}
    if seconds is not None:  # a pooler refuses what it cannot keep to one client
        given["statement_timeout"] = given["lock_timeout"] = str(seconds * 1000)
        given["idle_in_transaction_session_timeout"] = str(seconds * 12 * 1000)
    return {name: value for name, value in given.items() if value}
