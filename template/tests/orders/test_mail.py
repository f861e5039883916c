"""The mail that confirms an order."""

from email.headerregistry import Address

import pytest

from app.core.mail import Mail
from app.email.backends import Renderer

RENDERER = Renderer(project_name="Teapots & Co")
SENDER = Address(addr_spec="no-reply@example.com")
CONFIRMATION = {
    "name": "Ada",
    "order_id": "17",
    "lines": "2 x Teapot at 9.90",
    "total": "19.80",
}


def test_the_context_is_in_text_and_html() -> None:
    mail = RENDERER.render(Mail("ada@example.com", "order_confirmation", CONFIRMATION))

    for value in CONFIRMATION.values():
        assert value in mail.text + mail.subject
        assert value in mail.html + mail.subject
    assert "{" not in mail.subject + mail.text + mail.html


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\u2028", "\x0b"])
def test_a_line_end_cannot_inject_a_header(line_end: str) -> None:
    evil = f"17{line_end}Bcc: eve@example.com{line_end}"
    context = CONFIRMATION | {"order_id": evil, "name": evil}
    rendered = RENDERER.render(Mail("ada@example.com", "order_confirmation", context))

    message = rendered.as_message(SENDER)

    assert message.keys() == [
        *("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"),
    ]
    assert len(message["Subject"].splitlines()) == 1
