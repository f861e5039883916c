"""EMAILS_FROM."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from app.core.settings import SettingsError
from app.email.settings import EmailSettings, parse_sender


@pytest.mark.parametrize(
    ("value", "name", "address"),
    [
        ("shop@example.com", "", "shop@example.com"),
        ("<shop@example.com>", "", "shop@example.com"),
        ("Teapots <shop@example.com>", "Teapots", "shop@example.com"),
        ("Doe, Jane <shop@example.com>", "Doe, Jane", "shop@example.com"),
        ('"Doe, Jane" <shop@example.com>', "Doe, Jane", "shop@example.com"),
        (
            "Teapots (Berlin); @home <shop@example.com>",
            "Teapots (Berlin); @home",
            "shop@example.com",
        ),
        (
            "Bücher, Tee & Co <shop@bücher.example>",
            "Bücher, Tee & Co",
            "shop@xn--bcher-kva.example",
        ),
        (" no-reply@localhost ", "", "no-reply@localhost"),
        ("ops@mail.local", "", "ops@mail.local"),
    ],
)
def test_a_sender_survives_the_round_trip_through_a_message(
    value: str, name: str, address: str
) -> None:
    message = EmailMessage()
    message["From"] = parse_sender(value)

    [sender] = message_from_bytes(message.as_bytes(), policy=policy.default)["From"].addresses
    assert (sender.display_name, sender.addr_spec) == (name, address)


@pytest.mark.parametrize(
    "value",
    [
        *("nonsense", "@example.com", "shop@", "shop@example.com, ada@example.com"),
        *("Teapots <shop>", "<>", "Teapots shop@example.com", "a..b@example.com"),
        *("zoë@example.com", "shop@exa mple.com", "Eve\nBcc: all@example.com <shop@example.com>"),
        *("Tea\tpots <shop@example.com>", f"{'Teapots, ' * 10}<shop@example.com>"),
        *(
            f"{'s' * 65}@example.com",
            f"shop@{'e' * 64}.com",
            "shop@-example.com",
            "shop@a-.example",
        ),
    ],
)
def test_an_invalid_sender_is_refused_at_startup(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("EMAILS_FROM", value)

    with pytest.raises(SettingsError, match="EMAILS_FROM: "):
        EmailSettings.load()
