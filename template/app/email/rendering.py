"""Rendering mail to text and HTML."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.core.config import Settings
from app.core.email_address import to_ascii_domain
from app.core.mail import Mail, new_mail_id
from app.email.settings import EmailSettings

SUBJECT_PREFIX = "Subject: "


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail, ready to be sent."""

    to: str
    subject: str
    template: str
    context: dict[str, str]
    text: str
    html: str
    id: str = field(default_factory=new_mail_id)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields that the file backend writes."""
        return {name: value for name, value in asdict(self).items() if name != "id"}

    def as_message(self, sender: Address) -> EmailMessage:
        """Return the message with both parts (RFC 2046 §5.1.4)."""
        message = EmailMessage()
        message["From"] = sender
        message["To"] = self.to
        message["Subject"] = self.subject
        message["Date"] = datetime.now(UTC)
        message["Message-ID"] = f"<{self.id}@{sender.domain}>"
        message.set_content(self.text)
        message.add_alternative(self.html, subtype="html")
        return message


class Renderer:
    """Renders `templates/NAME.txt`, whose first line is the subject, and `NAME.html`."""

    def __init__(self, **variables: str) -> None:
        self.environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            keep_trailing_newline=True,
        )
        self.variables = variables

    def render(self, mail: Mail) -> RenderedMail:
        """Render both templates."""
        text = self._render(f"{mail.template}.txt", mail)
        subject, _, body = text.partition("\n")
        return RenderedMail(
            to=to_ascii_domain(mail.to),
            subject=" ".join(subject.removeprefix(SUBJECT_PREFIX).split()),
            template=mail.template,
            context=dict(mail.context),
            text=body.lstrip("\n"),
            html=self._render(f"{mail.template}.html", mail),
            id=mail.id,
        )

    def _render(self, name: str, mail: Mail) -> str:
        return self.environment.get_template(name).render({**self.variables, **mail.context})


def make_renderer(email: EmailSettings, settings: Settings) -> Renderer:
    """Make the renderer from the settings. No link is made from a request."""
    return Renderer(
        project_name=settings.project_name,
        password_reset_url=email.password_reset_url,
        email_verification_url=email.email_verification_url,
    )
