"""Mails as they are read."""

import pytest
from jinja2 import UndefinedError

from app.core.mail import Mail
from app.email.rendering import Renderer

RENDERER = Renderer(project_name="Teapots & Co", password_reset_url="https://web.example/new#")
MAILS = {
    "welcome": {"name": "Ada"},
    "password_reset": {"token": "t0ken", "minutes": "30"},
    "order_confirmation": {
        "name": "Ada",
        "order_id": "17",
        "lines": "2 x Teapot at 9.90",
        "total": "19.80",
    },
}


@pytest.mark.parametrize("template", MAILS)
def test_a_mail_says_in_text_and_html_what_it_was_made_of(template: str) -> None:
    mail = RENDERER.render(Mail("ada@example.com", template, MAILS[template]))

    assert (mail.to, mail.template, mail.context) == ("ada@example.com", template, MAILS[template])
    for value in MAILS[template].values():
        assert value in mail.text + mail.subject
        assert value in mail.html + mail.subject
    assert "{" not in mail.subject + mail.text + mail.html


def test_the_first_line_of_the_text_is_the_subject() -> None:
    mail = RENDERER.render(Mail("ada@example.com", "welcome", MAILS["welcome"]))

    assert mail.subject == "Welcome to Teapots & Co"
    assert mail.text.startswith("Hello Ada,")


def test_a_link_holds_the_token() -> None:
    mail = RENDERER.render(Mail("ada@example.com", "password_reset", MAILS["password_reset"]))

    assert "https://web.example/new#t0ken\n" in mail.text
    assert "https://web.example/new#t0ken" in mail.html


def test_what_people_write_is_text_in_html_too() -> None:
    name = "<script>alert('&')</script>"
    mail = RENDERER.render(Mail("ada@example.com", "welcome", {"name": name}))

    assert name in mail.text
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert "Teapots &amp; Co" in mail.html


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\u2028", "\x0b"])
def test_no_line_end_makes_a_header(line_end: str) -> None:
    evil = f"17{line_end}Bcc: eve@example.com{line_end}"
    context = MAILS["order_confirmation"] | {"order_id": evil, "name": evil}
    rendered = RENDERER.render(Mail("ada@example.com", "order_confirmation", context))

    message = rendered.as_message("no-reply@example.com")

    assert message.keys() == [
        *("From", "To", "Date", "Message-ID", "Subject", "MIME-Version", "Content-Type"),
    ]
    assert len(message["Subject"].splitlines()) == 1


def test_a_message_has_both_parts_in_any_alphabet() -> None:
    mail = RENDERER.render(Mail("ada@example.com", "welcome", {"name": "Ада 🫖"}))

    message = mail.as_message("no-reply@example.com")

    assert (message["From"], message["To"]) == ("no-reply@example.com", "ada@example.com")
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert (text.get_content(), html.get_content()) == (mail.text, mail.html)


@pytest.mark.parametrize("template", MAILS)
def test_a_mail_that_lacks_something_is_not_made(template: str) -> None:
    with pytest.raises(UndefinedError):
        RENDERER.render(Mail("ada@example.com", template))
