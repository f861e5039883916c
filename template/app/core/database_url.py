"""Reading `DATABASE_URL`."""

from importlib.util import find_spec

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVERS = {"postgres": "asyncpg", "postgresql": "asyncpg", "sqlite": "aiosqlite"}


def parse_database_url(value: object) -> URL:
    """Give `postgresql://` and `sqlite://` their async driver; raise `ValueError` if unusable."""
    try:
        url = make_url(str(value)) if not isinstance(value, URL) else value
    except ArgumentError:
        raise ValueError("is not a URL like postgresql://user:password@host/database") from None
    backend = url.drivername.partition("+")[0]
    driver = DRIVERS.get(backend)
    if driver is None:
        raise ValueError("must start with postgresql:// or sqlite://")
    if find_spec(driver) is None:
        raise ValueError(f"needs the package {driver}, which is not installed")
    if "sslmode" in url.query:  # libpq's name; asyncpg calls it ssl
        url = url.update_query_dict({"ssl": url.query["sslmode"]}).difference_update_query(
            ["sslmode"]
        )
    return url.set(drivername=f"{'postgresql' if driver == 'asyncpg' else 'sqlite'}+{driver}")
