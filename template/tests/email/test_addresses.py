"""What stands on the envelope and in the head of every mail."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.core.mail import Mail
from app.core.settings import SettingsError
from app.email.backends import SmtpBackend
from app.email.rendering import Renderer
from app.email.settings import EmailSettings
from tests.email.smtp import MailServer

MAIL = Renderer(project_name="Teapots", password_reset_url="").render(
    Mail("ada@example.com", "password_reset", {"token": "t0ken", "minutes": "30"})
)


async def test_a_mail_server_that_knows_ascii_only_gets_mails_to_and_from_any_domain() -> None:
    async with MailServer().open() as server:
        given = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none"}
        sender = {"emails_from": "Käufer, Eva <shop@bücher.example>"}
        backend = SmtpBackend(EmailSettings.model_validate(given | sender))
        for to in ("eva@münchen.example", "eva@例え.example"):
            await backend.send(replace(MAIL, to=to))

    assert [envelope.mail_from for envelope in server.envelopes] == [
        "shop@xn--bcher-kva.example"
    ] * 2
    assert [envelope.rcpt_tos for envelope in server.envelopes] == [
        ["eva@xn--mnchen-3ya.example"],
        ["eva@xn--r8jz45g.example"],
    ]


async def test_a_mail_says_when_it_was_sent_and_which_it_is() -> None:
    messages = [MAIL.as_message("Shop <shop@example.com>") for _ in range(2)]

    sent = [message["Date"].datetime for message in messages]
    assert all(abs(datetime.now(UTC) - date) < timedelta(minutes=1) for date in sent)
    ids = {message["Message-ID"] for message in messages}
    assert len(ids) == 2
    assert all(name.startswith("<") and name.endswith("@example.com>") for name in ids)


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
async def test_what_stands_in_every_mail_must_make_sense(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name.upper(), value)

    with pytest.raises(SettingsError, match=f"{name.upper()}: "):
        EmailSettings.load()
