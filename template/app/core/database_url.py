"""Reading `DATABASE_URL`, as hosting companies and libpq's documentation write it."""

import re
from importlib.util import find_spec
from urllib.parse import unquote

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from app.core.postgresql_options import check_options

DRIVERS = {"postgres": "asyncpg", "postgresql": "asyncpg", "sqlite": "aiosqlite"}
ENCODE = "in a user or password write %40 for @, %3A for :, %2F for /, %3F for ?"
# What SQLite reads of a file's URI; without `uri=true` it reads nothing.
SQLITE_OPTIONS = {"uri", "mode", "cache", "immutable", "nolock", "psow", "vfs"}


def parse_database_url(value: object) -> URL:
    """Give `postgresql://` and `sqlite://` their async driver; raise `ValueError` if unusable.

    User, password, database and a single host are in their places, whichever way they were
    written. Several hosts and a socket's folder are in the query, as libpq's `host` and `port`.
    """
    text = value.render_as_string(hide_password=False) if isinstance(value, URL) else str(value)
    scheme, found, rest = text.strip().partition("://")
    backend = scheme.partition("+")[0].lower()
    if not found:
        raise ValueError("is not a URL like postgresql://user:password@host/database")
    driver = DRIVERS.get(backend)
    if driver is None:
        raise ValueError("must start with postgresql:// or sqlite://")
    if find_spec(driver) is None:
        raise ValueError(f"needs the package {driver}, which is not installed")
    return _sqlite(rest) if driver == "aiosqlite" else _postgresql(rest)


def _sqlite(rest: str) -> URL:
    if not rest.startswith("/"):
        raise ValueError("must name a file: sqlite:///relative or sqlite:////absolute")
    url = make_url(f"sqlite+aiosqlite://{rest}")
    if url.database in {None, "", ":memory:"}:
        raise ValueError("must name a file: processes share no database in memory")
    known = SQLITE_OPTIONS if "uri" in url.query else set()
    if unknown := next((name for name in url.query if name not in known), None):
        raise ValueError(f"has an option that SQLite does not read: {unknown}")
    return url


def _postgresql(rest: str) -> URL:
    login, at, place = rest.rpartition("@")
    if "@" in login or re.search(r"[/?]", login.partition(":")[0]):
        raise ValueError(f"has an @ too many: {ENCODE}")
    authority = re.split(r"[/?]", place, maxsplit=1)[0]
    try:
        url = make_url(f"postgresql+asyncpg://{login}{at}{place[len(authority) :]}")
    except ArgumentError:
        raise ValueError("is not a URL like postgresql://user:password@host/database") from None
    options = {name: _last(name, given) for name, given in url.query.items()}
    hosts = options.pop("host", "") or authority
    ports = options.pop("port", "")
    url = url.set(
        username=options.pop("user", url.username),
        password=options.pop("password", url.password),
        database=options.pop("dbname", url.database),
        query=check_options(options),
    )
    return _with_hosts(url, [_host(one) for one in hosts.split(",")], ports)


def _last(name: str, given: str | tuple[str, ...]) -> str:
    """The last of an option's values; a host may be repeated, as SQLAlchemy writes several."""
    if isinstance(given, str):
        return given
    return ",".join(given) if name == "host" else given[-1]


def _host(text: str) -> tuple[str, str]:
    """Split `host:port` and `[address]:port`. A socket's folder has no port here."""
    decoded = unquote(text.strip())
    if decoded.startswith("/"):
        return decoded, ""
    if found := re.fullmatch(r"\[(.*)\](?::(.*))?|([^:]*)(?::([^:]*))?", decoded):
        return found[1] or found[3] or "", found[2] or found[4] or ""
    return decoded, ""  # an IPv6 address without brackets, as in `?host=::1`


def _with_hosts(url: URL, hosts: list[tuple[str, str]], ports: str) -> URL:
    given = [port.strip() for port in ports.split(",")]
    if len(given) == 1:
        given *= len(hosts)
    if len(given) != len(hosts):
        raise ValueError("must have as many ports as hosts, or one port")
    numbers = [_port(own or other) for (_, own), other in zip(hosts, given, strict=True)]
    names = [name for name, _ in hosts]
    if len(names) == 1 and not names[0].startswith("/"):
        return url.set(host=names[0] or None, port=numbers[0])
    if not all(names):
        raise ValueError("has an empty host among several")
    listed = ",".join(str(number or 5432) for number in numbers)
    return url.update_query_dict({"host": ",".join(names), "port": listed})


def _port(text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) < 65536:
        raise ValueError(f"has a port that is not a number from 1 to 65535: {ENCODE}")
    return int(text)
