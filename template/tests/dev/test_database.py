"""Which database development and the tests use, PostgreSQL or SQLite."""

from collections.abc import Generator

import pytest

from dev import database
from dev.project import LauncherError


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    """The project's own test database, whatever the environment says."""
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    with database.testing() as url:
        yield url


def test_the_name_of_the_test_database_contains_test(url: str) -> None:
    assert "test" in url.rpartition("/")[2]


def test_a_database_url_in_the_environment_is_used_for_development(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)

    with database.development() as used:
        assert used == url


def test_a_test_database_url_in_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", url)

    with database.testing() as used:
        assert used == url


@pytest.mark.parametrize("named", [True, False])
def test_each_parallel_test_process_has_a_database_of_its_own(
    monkeypatch: pytest.MonkeyPatch, url: str, named: bool
) -> None:
    if named:
        monkeypatch.setenv("TEST_DATABASE_URL", url)
    urls = {url}
    for worker in ("gw0", "gw11"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        with database.testing() as used:
            urls.add(used)

    assert len(urls) == 3
    assert all("test" in used.rpartition("/")[2] for used in urls)


def test_a_test_database_without_test_in_its_name_is_rejected(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    server = url.rpartition("/")[0]
    monkeypatch.setenv("TEST_DATABASE_URL", f"{server}/customers")

    with (
        pytest.raises(LauncherError, match=r'"customers".*must contain "test"'),
        database.testing(),
    ):
        pass


def test_an_invalid_url_is_rejected_with_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABASE_URL", "secret-nonsense")

    with pytest.raises(LauncherError, match=r"^DATABASE_URL (?!.*secret)"), database.development():
        pass


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PGSSLMODE", "require"),
        ("PGSSLNEGOTIATION", "direct"),
        ("PGTARGETSESSIONATTRS", "standby"),
        ("PGSSLMODE", "nonsense"),
        ("PGGSSLIB", "nonsense"),
    ],
)
def test_libpq_variables_for_other_servers_are_ignored(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.setenv(variable, value)

    with database.testing() as url:
        database.create_database("DATABASE_URL", url)
