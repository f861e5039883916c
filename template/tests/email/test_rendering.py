"""Rendering of mail."""

import html
import re
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address

import pytest
from jinja2 import UndefinedError

from app.core.mail import Mail
from app.email.backends import Renderer

RENDERER = Renderer(
    project_name="Teapots & Co",
    password_reset_url="https://web.example/new#",
    email_verification_url="https://web.example/verify#",
)
SENDER = Address(addr_spec="no-reply@example.com")
MAILS = {
    "welcome": {"name": "Ada"},
    "password_reset": {"token": "t0ken", "minutes": "30"},
    "email_verification": {"token": "t0ken", "hours": "24"},
}


@pytest.mark.parametrize("template", MAILS)
def test_the_context_is_in_text_and_html(template: str) -> None:
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


@pytest.mark.parametrize(
    ("template", "page"), [("password_reset", "new"), ("email_verification", "verify")]
)
def test_the_link_has_the_token(template: str, page: str) -> None:
    mail = RENDERER.render(Mail("ada@example.com", template, MAILS[template]))

    assert f"https://web.example/{page}#t0ken\n" in mail.text
    assert f'<a href="https://web.example/{page}#t0ken"' in mail.html


@pytest.mark.parametrize("template", ["password_reset", "email_verification"])
def test_without_a_page_the_mail_has_the_token_and_no_link(template: str) -> None:
    renderer = Renderer(project_name="Teapots", password_reset_url="", email_verification_url="")

    mail = renderer.render(Mail("ada@example.com", template, MAILS[template]))

    assert "\nt0ken\n" in mail.text
    assert ">t0ken<" in mail.html
    assert "href" not in mail.html


@pytest.mark.parametrize(
    "template", ["account_exists", "account_locked", "email_changed", "password_changed"]
)
def test_a_notice_says_the_same_in_text_and_html(template: str) -> None:
    mail = RENDERER.render(Mail("ada@example.com", template))

    words = re.sub(r"<[^>]+>", " ", mail.html).split()
    assert html.unescape(" ".join(words)).replace(" .", ".").replace(" ,", ",") == (
        " ".join(mail.text.split())
    )
    assert "Teapots & Co" in mail.text
    assert "Teapots & Co" in mail.subject


def test_the_context_is_escaped_in_html() -> None:
    name = "<script>alert('&')</script>"
    mail = RENDERER.render(Mail("ada@example.com", "welcome", {"name": name}))

    assert name in mail.text
    assert "<script>" not in mail.html
    assert "&lt;script&gt;" in mail.html
    assert "Teapots &amp; Co" in mail.html


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r", "\u2028", "\x0b"])
def test_a_line_end_cannot_inject_a_header(line_end: str) -> None:
    evil = f"17{line_end}Bcc: eve@example.com{line_end}"
    renderer = Renderer(project_name=evil)
    rendered = renderer.render(Mail("ada@example.com", "welcome", {"name": evil}))

    message = rendered.as_message(SENDER)

    assert message.keys() == [
        *("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"),
    ]
    assert len(message["Subject"].splitlines()) == 1


def test_a_message_has_both_parts_in_any_alphabet() -> None:
    mail = RENDERER.render(Mail("ada@example.com", "welcome", {"name": "Ада 🫖"}))

    message = mail.as_message(SENDER)

    assert (message["From"], message["To"]) == ("no-reply@example.com", "ada@example.com")
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert (text.get_content(), html.get_content()) == (mail.text, mail.html)


@pytest.mark.parametrize("template", MAILS)
def test_a_missing_variable_is_an_error(template: str) -> None:
    with pytest.raises(UndefinedError):
        RENDERER.render(Mail("ada@example.com", template))


def test_a_message_has_a_date_and_a_message_id() -> None:
    mails = [RENDERER.render(Mail("ada@example.com", "welcome", {"name": "Ada"})) for _ in "12"]

    one, same, other = (mail.as_message(SENDER) for mail in (mails[0], *mails))

    assert abs(one["Date"].datetime - datetime.now(UTC)) < timedelta(minutes=1)
    assert one["Message-ID"].endswith("@example.com>")
    assert one["Message-ID"] == same["Message-ID"] != other["Message-ID"]


@pytest.mark.parametrize(
    ("to", "sent"),
    [
        ("eva@bücher.example.org", "eva@xn--bcher-kva.example.org"),
        ("Bob.Smith@例え.example.com", "Bob.Smith@xn--r8jz45g.example.com"),
        ("ada@stra\u00dfe.example.net", "ada@xn--strae-oqa.example.net"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_a_domain_is_encoded_in_ascii(to: str, sent: str) -> None:
    message = RENDERER.render(Mail(to, "welcome", {"name": "Eva"})).as_message(SENDER)

    assert message["To"] == sent
    assert sent.encode() in message.as_bytes()
