"""Reading `DATABASE_URL`."""

from importlib.util import find_spec

import pytest

from app.core.database_url import DRIVERS, parse_database_url

POSTGRESQL = find_spec("asyncpg") is not None
HERE = ("postgresql", "postgres", "asyncpg") if POSTGRESQL else ("sqlite", "sqlite", "aiosqlite")
BACKEND, SHORT, DRIVER = HERE


@pytest.mark.parametrize("scheme", [BACKEND, SHORT, f"{BACKEND}+{DRIVER}", f"{BACKEND}+other"])
def test_the_driver_is_ours(scheme: str) -> None:
    assert parse_database_url(f"{scheme}:///app").drivername == f"{BACKEND}+{DRIVER}"


def test_a_password_survives() -> None:
    url = parse_database_url(f"{SHORT}://user:p%40ss%2F@host:1/app")

    assert (url.password, url.host, url.port, url.database) == ("p@ss/", "host", 1, "app")


@pytest.mark.parametrize("query", ["sslmode=require", "sslmode=disable"])
def test_the_common_name_of_the_tls_mode_is_understood(query: str) -> None:
    url = parse_database_url(f"{SHORT}://host/app?{query}&x=1")

    assert url.query == {"ssl": query.partition("=")[2], "x": "1"}


@pytest.mark.parametrize("value", ["", "nonsense", "mysql://host/app", "postgresqlx://host/app"])
def test_what_is_no_database_of_ours_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match=r"^(is not a URL|must start with)"):
        parse_database_url(value)


def test_a_driver_that_is_missing_is_named() -> None:
    missing = next((scheme for scheme, name in DRIVERS.items() if find_spec(name) is None), None)

    if missing:
        with pytest.raises(ValueError, match=f"needs the package {DRIVERS[missing]}"):
            parse_database_url(f"{missing}:///app")
    else:
        assert parse_database_url("sqlite:///app").drivername == "sqlite+aiosqlite"
