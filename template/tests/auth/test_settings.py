"""Settings of accounts: with each value that is accepted, accounts work."""

import pytest

from app.auth.settings import AuthSettings
from app.core.settings import SettingsError
from tests.auth.factories import AUTH, log_in
from tests.auth.mails import RESEND, register
from tests.auth.resets import FORGOT
from tests.clients import connect
from tests.conftest import MakeApp

GREATEST = {
    "ACCESS_TOKEN_MINUTES": 24 * 60,
    "REFRESH_TOKEN_DAYS": 3650,
    "SESSION_DAYS": 3650,
    "PASSWORD_RESET_MINUTES": 7 * 24 * 60,
    "EMAIL_VERIFICATION_HOURS": 365 * 24,
    "LOGIN_MAX_FAILURES": 1_000_000,
}
EMAIL = "ada@example.com"


async def test_accounts_work_with_the_greatest_values(make_app: MakeApp) -> None:
    app = await make_app(**{name: str(value) for name, value in GREATEST.items()})

    async with connect(app) as client:
        assert (await register(client, EMAIL)).status_code == 201
        tokens = await log_in(client, EMAIL)
        body = {"refresh_token": tokens["refresh_token"]}
        assert (await client.post(f"{AUTH}/refresh", json=body)).status_code == 200
        for path in (FORGOT, RESEND):
            assert (await client.post(path, json={"email": EMAIL})).status_code == 202


@pytest.mark.parametrize("name", GREATEST)
def test_greater_values_are_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, str(GREATEST[name] + 1))

    with pytest.raises(SettingsError, match=f"^{name}: "):
        AuthSettings.load()
