"""Senders and other settings in every mail."""

import pytest

from app.core.mail import Mail
from app.core.settings import SettingsError
from app.email.backends import Renderer
from app.email.settings import EmailSettings

MAIL = Renderer(project_name="Teapots", password_reset_url="").render(
    Mail("ada@example.com", "password_reset", {"token": "t0ken", "minutes": "30"})
)


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("Doe, Jane <shop@example.com>", "Doe, Jane"),
        ('"Doe, Jane" <shop@example.com>', "Doe, Jane"),
        ("Teapots & Co. (EU) <shop@example.com>", "Teapots & Co. (EU)"),
        ("Jürgen; Käufer <shop@example.com>", "Jürgen; Käufer"),
        ("shop@example.com", ""),
    ],
)
def test_a_sender_may_have_any_name(
    monkeypatch: pytest.MonkeyPatch, sender: str, name: str
) -> None:
    monkeypatch.setenv("EMAILS_FROM", sender)

    message = MAIL.as_message(EmailSettings.load().emails_from)

    [address] = message["From"].addresses
    assert (address.display_name, address.addr_spec) == (name, "shop@example.com")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("emails_from", "nonsense"),
        ("emails_from", "shop@example..com"),
        ("emails_from", "zoë@example.com"),
        ("emails_from", "Doe <doe@example.com>, Roe <roe@example.com>"),
        ("emails_from", "shop@example.com\nBcc: all@example.com"),
        ("smtp_host", "smtp://mail.example.com"),
        ("smtp_host", "mail.example.com:587"),
        ("password_reset_url", "nonsense"),
        ("password_reset_url", "javascript:alert(1)"),
    ],
)
async def test_invalid_mail_settings_are_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name.upper(), value)

    with pytest.raises(SettingsError, match=f"{name.upper()}: "):
        EmailSettings.load()
