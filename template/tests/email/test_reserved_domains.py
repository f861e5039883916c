"""EMAIL_RESERVED_DOMAINS."""

import asyncio
from collections.abc import Iterator

import pytest
from email_validator import EmailNotValidError, validate_email

from app.cli import main
from app.core.config import Settings
from app.core.settings import SettingsError
from app.core.state import AppState
from app.email.settings import EmailSettings, accept_reserved_domains
from app.features import FEATURES
from tests.auth.factories import AUTH, PASSWORD
from tests.clients import connect
from tests.conftest import MakeApp

SECRET = "k3y-" * 10


@pytest.fixture(autouse=True)
def defaults() -> Iterator[None]:
    """Restore the accepted domains afterwards."""
    yield
    accept_reserved_domains(EmailSettings().reserved_domains)


@pytest.mark.parametrize(
    ("environment", "domains", "email", "status"),
    [
        ("development", "", "root@office.local", 201),
        ("test", "", "root@example.test", 201),
        ("development", "", "root@example.invalid", 422),
        ("production", "", "root@office.local", 422),
        ("production", "local, .test", "root@office.local", 201),
        ("production", "arpa", "root@office.home.arpa", 201),
        ("development", "arpa", "root@office.local", 422),
    ],
)
async def test_an_account_at_a_reserved_domain_needs_the_setting(
    make_app: MakeApp, environment: str, domains: str, email: str, status: int
) -> None:
    app = await make_app(ENVIRONMENT=environment, SECRET_KEY=SECRET, EMAIL_RESERVED_DOMAINS=domains)

    async with connect(app) as client:
        body = {"email": email, "password": PASSWORD}
        assert (await client.post(f"{AUTH}/register", json=body)).status_code == status


@pytest.mark.parametrize(
    ("environment", "domains", "code"),
    [("development", "", 0), ("production", "", 2), ("production", "local", 0)],
)
async def test_the_first_superuser_at_a_reserved_domain_needs_the_setting(
    make_app: MakeApp,
    monkeypatch: pytest.MonkeyPatch,
    environment: str,
    domains: str,
    code: int,
) -> None:
    monkeypatch.setenv("ENVIRONMENT", environment)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("EMAIL_RESERVED_DOMAINS", domains)
    monkeypatch.setenv("FIRST_SUPERUSER_PASSWORD", PASSWORD)

    command = ["create-superuser", "--email", "root@office.local"]
    assert await asyncio.to_thread(main, command) == code


async def test_workers_accept_the_same_domains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_RESERVED_DOMAINS", "onion")
    [feature] = [feature for feature in FEATURES if feature.name == "email"]

    async with feature.worker_lifespan(AppState(Settings.load())):
        assert validate_email("root@office.onion", check_deliverability=False)
        with pytest.raises(EmailNotValidError):
            validate_email("root@office.local", check_deliverability=False)


@pytest.mark.parametrize("domains", ["example.com", "local,lan", "*"])
def test_a_domain_that_is_not_reserved_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, domains: str
) -> None:
    monkeypatch.setenv("EMAIL_RESERVED_DOMAINS", domains)

    with pytest.raises(SettingsError, match=r"^EMAIL_RESERVED_DOMAINS: .*local"):
        EmailSettings.load()
