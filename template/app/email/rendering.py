"""Turning a mail into text and HTML."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.core.mail import Mail
from app.email.addresses import with_ascii_domain

SUBJECT = "Subject: "


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail, ready to leave."""

    to: str
    subject: str
    template: str
    context: dict[str, str]
    text: str
    html: str

    def as_dict(self) -> dict[str, Any]:
        """Its fields, for the file backend."""
        return asdict(self)

    def as_message(self, sender: str) -> EmailMessage:
        """The message with both parts (RFC 2046 §5.1.4)."""
        message = EmailMessage()
        message["From"] = sender
        message["To"] = with_ascii_domain(self.to)
        message["Date"] = format_datetime(datetime.now(UTC))
        message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2])
        message["Subject"] = self.subject
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        return message


class Renderer:
    """Renders `templates/NAME.txt`, whose first line is the subject, and `NAME.html`."""

    def __init__(self, **known: str) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )
        self.known = known

    def render(self, mail: Mail) -> RenderedMail:
        """Fill in both templates."""
        text = self._fill(f"{mail.template}.txt", mail)
        subject, _, body = text.partition("\n")
        return RenderedMail(
            to=mail.to,
            subject=" ".join(subject.removeprefix(SUBJECT).split()),
            template=mail.template,
            context=dict(mail.context),
            text=body.lstrip("\n"),
            html=self._fill(f"{mail.template}.html", mail),
        )

    def _fill(self, name: str, mail: Mail) -> str:
        return self.environment.get_template(name).render({**self.known, **mail.context})
