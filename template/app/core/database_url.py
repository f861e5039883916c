"""Reads `DATABASE_URL` as hosting providers and libpq's documentation write it.

An option of a PostgreSQL URL is passed to the driver, or has no effect here, or is refused by name.
"""

import os
import re
from importlib.util import find_spec
from pathlib import Path
from ssl import PROTOCOL_TLS_CLIENT, VERIFY_CRL_CHECK_CHAIN, SSLContext
from urllib.parse import unquote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVERS = {"postgres": "asyncpg", "postgresql": "asyncpg", "sqlite": "aiosqlite"}
ENCODE = "in a user or password write %40 for @, %3A for :, %2F for /, %3F for ?"
# What SQLite reads of a file's URI; without `uri=true` it reads nothing.
SQLITE_OPTIONS = {"uri", "mode", "cache", "immutable", "nolock", "psow", "vfs"}

ROOT_CERTIFICATE = Path.home() / ".postgresql" / "root.crt"
CLIENT_KEY = Path.home() / ".postgresql" / "postgresql.key"
TLS_FILES = {"sslcert", "sslkey", "sslrootcert", "sslcrl"}
TLS_LIMITS = {"ssl_min_protocol_version", "ssl_max_protocol_version"}
TLS_OPTIONS = {*TLS_FILES, *TLS_LIMITS, "sslmode", "sslnegotiation", "sslpassword"}
# Read by asyncpg, under libpq's names.
DRIVER_OPTIONS = {*TLS_OPTIONS, "passfile", "target_session_attrs"}
# Translated in app/db/engine.py.
APPLICATION_NAMES = {"application_name", "fallback_application_name"}
TRANSLATED_OPTIONS = {*APPLICATION_NAMES, "connect_timeout", "options", "pgbouncer"}
# Each statement has a time limit; the last one is for Supabase's pooler.
KEEPALIVES = {"keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval"}
FREE_OPTIONS = {*DRIVER_OPTIONS, *TRANSLATED_OPTIONS, *KEEPALIVES, "tcp_user_timeout", "supa"}
# Options with a fixed set of values. Those that are not named above have no effect with them.
TLS_VERSIONS = {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}
READ_WRITE = {"any", "primary", "standby", "read-write", "read-only", "prefer-standby"}
VALUES = {
    **dict.fromkeys(TLS_LIMITS, TLS_VERSIONS),
    # The driver cannot bind. sslmode=verify-full protects against the same attack.
    "channel_binding": {"disable", "prefer", "require"},
    "client_encoding": {"utf8", "UTF8", "utf-8", "UTF-8", "auto"},
    "gssencmode": {"disable", "prefer"},
    "load_balance_hosts": {"disable"},
    "pgbouncer": {"true", "false"},
    "schema": {"public"},
    "sslcertmode": {"allow"},
    "sslcompression": {"0", "1"},
    "sslmode": {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
    "sslnegotiation": {"postgres", "direct"},
    "sslsni": {"1"},
    "target_session_attrs": READ_WRITE,
    "uselibpqcompat": {"true", "false"},
}
OPTION = f"(?:user|password|dbname|host|port|{'|'.join(sorted(FREE_OPTIONS | VALUES.keys()))})"
INSTEAD = {
    "connection_limit": "DB_POOL_SIZE",
    "hostaddr": "the address in place of the host",
    "pool_size": "DB_POOL_SIZE",
    "pool_timeout": "DB_POOL_TIMEOUT",
    "prepared_statement_cache_size": "DB_PREPARED_STATEMENTS=false",
    "prepareThreshold": "DB_PREPARED_STATEMENTS=false",
    "statement_cache_size": "DB_PREPARED_STATEMENTS=false",
}


def parse_database_url(value: object) -> URL:
    """Give `postgresql://` and `sqlite://` their async driver; raise `ValueError` if unusable.

    User, password, database and a single host are in their places, whichever way they were
    written. Several hosts and a socket's folder are in the query, as libpq's `host` and `port`.
    """
    text = value.render_as_string(hide_password=False) if isinstance(value, URL) else str(value)
    scheme, found, rest = text.strip().partition("://")
    if not found:
        raise ValueError("is not a URL like postgresql://user:password@host/database")
    driver = DRIVERS.get(scheme.partition("+")[0].lower())
    if driver is None:
        raise ValueError("must start with postgresql:// or sqlite://")
    if find_spec(driver) is None:
        raise ValueError(f"needs the package {driver}, which is not installed")
    return _sqlite(rest) if driver == "aiosqlite" else _postgresql(rest)


def _sqlite(rest: str) -> URL:
    url = make_url(f"sqlite+aiosqlite://{rest}") if rest.startswith("/") else None
    if url is None or url.database in {None, "", ":memory:"}:
        raise ValueError("must name a file: sqlite:///relative or sqlite:////absolute")
    known = SQLITE_OPTIONS if "uri" in url.query else set()
    if unknown := url.query.keys() - known:
        raise ValueError(f"has an option that SQLite does not read: {min(unknown)}")
    return url


def _postgresql(rest: str) -> URL:  # PostgreSQL
    head = re.split(rf"\?(?={OPTION}=)", rest, maxsplit=1)[0]  # in options, an @ is only an @
    login, at, place = head.rpartition("@")
    if "@" in login or re.search(r"[/?]", login.partition(":")[0]):
        raise ValueError(f"has an @ too many: {ENCODE}")
    authority = re.split(r"[/?]", place, maxsplit=1)[0]
    tail = place[len(authority) :] + rest[len(head) :].replace("@", "%40")
    try:
        url = make_url(f"postgresql+asyncpg://{login}{at}{tail}")
    except ArgumentError:
        raise ValueError("is not a URL like postgresql://user:password@host/database") from None
    # SQLAlchemy writes several hosts as a repeated option.
    options = {
        name: given if isinstance(given, str) else ",".join(given)
        for name, given in url.query.items()
    }
    hosts, ports = options.pop("host", "") or authority, options.pop("port", "")
    url = url.set(
        username=options.pop("user", url.username),
        password=options.pop("password", url.password),
        database=options.pop("dbname", url.database),
        query=check_options(options),
    )
    return _with_hosts(url, [_host(one) for one in hosts.split(",")], ports.split(","))


def _host(text: str) -> tuple[str, str]:  # PostgreSQL
    """Split `host:port` and `[address]:port`. A socket's folder has a port if it is encoded."""
    pattern = r"\[(.*)\](?::(.*))?|([^:/][^:]*|)(?::([^:]*))?"
    if found := re.fullmatch(pattern, text.strip()):
        return unquote(found[1] or found[3] or ""), found[2] or found[4] or ""
    # A folder, or an IPv6 address without brackets, as in `?host=::1`.
    return unquote(text.strip()), ""


def _with_hosts(url: URL, hosts: list[tuple[str, str]], ports: list[str]) -> URL:  # PostgreSQL
    if len(ports) not in {1, len(hosts)}:
        raise ValueError("must have as many ports as hosts, or one port")
    if len(ports) == 1:
        ports *= len(hosts)
    numbers = [_port(own or other.strip()) for (_, own), other in zip(hosts, ports, strict=True)]
    names = [name for name, _ in hosts]
    if len(names) == 1 and not names[0].startswith("/"):
        return url.set(host=names[0] or None, port=numbers[0])
    if not all(names):
        raise ValueError("has an empty host among several")
    listed = ",".join(str(number or 5432) for number in numbers)
    return url.update_query_dict({"host": ",".join(names), "port": listed})


def _port(text: str) -> int | None:  # PostgreSQL
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise ValueError(f"has a port that is not a number from 1 to 65535: {ENCODE}")
    return int(text)


def check_options(given: dict[str, str]) -> dict[str, str]:  # PostgreSQL
    """Return the options that have an effect; raise `ValueError`, which names a wrong one."""
    if ssl := given.pop("ssl", ""):  # as JDBC and asyncpg write it
        switches = {"true": "require", "1": "require", "false": "disable", "0": "disable"}
        given["sslmode"] = switches.get(ssl.lower(), ssl)
    for name, value in given.items():
        if name not in FREE_OPTIONS and name not in VALUES:
            instead = f": use {INSTEAD[name]}" if name in INSTEAD else ""
            raise ValueError(f"has the option {name}, which nothing reads here{instead}")
        if value and value not in VALUES.get(name, {value}):
            raise ValueError(f"has a wrong {name}: it may be {', '.join(sorted(VALUES[name]))}")
    used = DRIVER_OPTIONS | TRANSLATED_OPTIONS
    options = {name: value for name, value in given.items() if name in used and value}
    if not options.get("connect_timeout", "0").isdecimal():
        raise ValueError("has a connect_timeout that is not a number of seconds")
    _check_tls(options)
    return options


def _check_tls(options: dict[str, str]) -> None:  # PostgreSQL
    mode, root = options.get("sslmode", ""), options.get("sslrootcert")
    for name in sorted(TLS_FILES & options.keys()):
        if (name, root) != ("sslrootcert", "system"):
            try:
                load_tls_file(SSLContext(PROTOCOL_TLS_CLIENT), name, options)
            except OSError as error:
                reason = error.strerror
                raise ValueError(f"has a file in {name} that cannot be read: {reason}") from None
    if root == "system" and mode not in {"", "verify-full"}:
        raise ValueError("has sslrootcert=system, which needs sslmode=verify-full")
    given = root or os.environ.get("PGSSLROOTCERT")
    if mode.startswith("verify") and not (given or ROOT_CERTIFICATE.exists()):
        raise ValueError(f"has sslmode={mode} without sslrootcert: name a file, or write system")
    if options.get("sslnegotiation") == "direct" and mode in {"", "disable", "allow", "prefer"}:
        raise ValueError("has sslnegotiation=direct, which needs sslmode=require")


def load_tls_file(context: SSLContext, name: str, given: dict[str, str]) -> None:  # PostgreSQL
    """Load the file in an option as the driver does; raise `OSError` if it is not of that kind."""
    if name == "sslkey":
        Path(given[name]).open("rb").close()  # it is loaded with its certificate
    elif name == "sslcert":
        key = given.get("sslkey") or os.environ.get("PGSSLKEY")
        key = key or (str(CLIENT_KEY) if CLIENT_KEY.exists() else None)
        context.load_cert_chain(given[name], key, lambda: given.get("sslpassword", ""))
    else:
        context.load_verify_locations(given[name])
    if name == "sslcrl":
        context.verify_flags |= VERIFY_CRL_CHECK_CHAIN
