"""Reading `DATABASE_URL`."""

from importlib.util import find_spec

import pytest

from app.core.database_url import DRIVERS, parse_database_url

POSTGRESQL = find_spec("asyncpg") is not None
HERE = ("postgresql", "postgres", "asyncpg") if POSTGRESQL else ("sqlite", "sqlite", "aiosqlite")
BACKEND, SHORT, DRIVER = HERE


@pytest.mark.parametrize("scheme", [BACKEND, SHORT, f"{BACKEND}+{DRIVER}", f"{BACKEND}+other"])
def test_the_async_driver_is_set(scheme: str) -> None:
    url = parse_database_url(f" {scheme}:///app\n")

    assert (url.drivername, url.database) == (f"{BACKEND}+{DRIVER}", "app")


@pytest.mark.parametrize("value", ["", "nonsense", "mysql://host/app", "postgresqlx://host/app"])
def test_a_url_of_another_database_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"^(is not a URL|must start with)"):
        parse_database_url(value)


def test_a_driver_that_is_missing_is_named() -> None:
    missing = next((scheme for scheme, name in DRIVERS.items() if find_spec(name) is None), None)

    if missing:
        with pytest.raises(ValueError, match=f"needs the package {DRIVERS[missing]}"):
            parse_database_url(f"{missing}:///app")
    else:
        assert parse_database_url("sqlite:///app").drivername == "sqlite+aiosqlite"
