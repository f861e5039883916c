"""The options of a PostgreSQL URL: what libpq and hosting companies write behind the `?`.

Each is given to the driver, or changes nothing here, or is refused with its name.
"""

import os
from collections.abc import Mapping
from pathlib import Path

VERIFIED = {"verify-ca", "verify-full"}
SSL_MODES = {"disable", "allow", "prefer", "require", *VERIFIED}
TLS_VERSIONS = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
TARGETS = {"any", "primary", "standby", "read-write", "read-only", "prefer-standby"}
ANY: set[str] = set()

# What asyncpg reads of a URL, under libpq's names.
DRIVER: Mapping[str, set[str]] = {
    "sslmode": SSL_MODES,
    "sslcert": ANY,
    "sslkey": ANY,
    "sslpassword": ANY,
    "sslrootcert": ANY,
    "sslcrl": ANY,
    "sslnegotiation": {"postgres", "direct"},
    "ssl_min_protocol_version": TLS_VERSIONS,
    "ssl_max_protocol_version": TLS_VERSIONS,
    "target_session_attrs": TARGETS,
    "passfile": ANY,
}
# What becomes something else: see app/db/connection.py.
TRANSLATED: Mapping[str, set[str]] = {
    "connect_timeout": ANY,
    "application_name": ANY,
    "fallback_application_name": ANY,
    "options": ANY,
    "pgbouncer": {"true", "false"},
}
# What changes nothing: the driver does so anyway, or our own timeouts do, or it is for others.
IGNORED: Mapping[str, set[str]] = {
    # asyncpg cannot bind. What protects is sslmode=verify-full.
    "channel_binding": {"disable", "prefer", "require"},
    "client_encoding": {"utf8", "UTF8", "utf-8", "UTF-8", "auto"},
    "gssencmode": {"disable", "prefer"},
    "keepalives": ANY,
    "keepalives_count": ANY,
    "keepalives_idle": ANY,
    "keepalives_interval": ANY,
    "load_balance_hosts": {"disable"},
    "schema": {"public"},
    "sslcertmode": {"allow"},
    "sslcompression": {"0", "1"},
    "sslsni": {"1"},
    "supa": ANY,
    "tcp_user_timeout": ANY,
    "uselibpqcompat": {"true", "false"},
}
KNOWN = {**DRIVER, **TRANSLATED, **IGNORED}
INSTEAD = {
    "connection_limit": "DB_POOL_SIZE",
    "hostaddr": "the address in place of the host",
    "pool_size": "DB_POOL_SIZE",
    "pool_timeout": "DB_POOL_TIMEOUT",
    "prepared_statement_cache_size": "DB_PREPARED_STATEMENTS=false",
    "prepareThreshold": "DB_PREPARED_STATEMENTS=false",
    "statement_cache_size": "DB_PREPARED_STATEMENTS=false",
}
FILES = ("sslcert", "sslkey", "sslrootcert", "sslcrl")


def check_options(given: Mapping[str, str]) -> dict[str, str]:
    """Return the options that do something, or raise `ValueError` with the name of a wrong one."""
    options = {}
    for name, value in map(_libpq, given.items()):
        if name not in KNOWN:
            instead = f": use {INSTEAD[name]}" if name in INSTEAD else ""
            raise ValueError(f"has the option {name}, which nothing reads here{instead}")
        if value and KNOWN[name] and value not in KNOWN[name]:
            raise ValueError(f"has a wrong {name}: it may be {', '.join(sorted(KNOWN[name]))}")
        if name not in IGNORED and value:
            options[name] = value
    _check_values(options)
    return options


def _libpq(option: tuple[str, str]) -> tuple[str, str]:
    """Translate `ssl`, as JDBC and asyncpg write it, to libpq's name."""
    name, value = option
    if name != "ssl":
        return option
    switches = {"true": "require", "1": "require", "false": "disable", "0": "disable"}
    return "sslmode", switches.get(value.lower(), value)


def _check_values(options: Mapping[str, str]) -> None:
    mode, root = options.get("sslmode", ""), options.get("sslrootcert")
    for name in FILES:
        if (path := options.get(name)) and (name, path) != ("sslrootcert", "system"):
            _check_file(name, Path(path))
    if not options.get("connect_timeout", "0").isdecimal():
        raise ValueError("has a connect_timeout that is not a number of seconds")
    if root == "system" and mode not in {"", "verify-full"}:
        raise ValueError("has sslrootcert=system, which needs sslmode=verify-full")
    if mode.startswith("verify") and not (root or os.environ.get("PGSSLROOTCERT") or _has_root()):
        raise ValueError(f"has sslmode={mode} without sslrootcert: name a file, or write system")
    if options.get("sslnegotiation") == "direct" and mode not in VERIFIED | {"require"}:
        raise ValueError("has sslnegotiation=direct, which needs sslmode=require")


def _has_root() -> bool:
    return (Path.home() / ".postgresql" / "root.crt").exists()


def _check_file(name: str, path: Path) -> None:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise ValueError(f"has a file in {name} that cannot be read: {error.strerror}") from None
