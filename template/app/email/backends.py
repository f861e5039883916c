"""Mail rendered from templates to text and HTML, and its backends: console, file and SMTP."""

import json
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import aiosmtplib
import anyio
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from uuid_utils.compat import uuid7

from app.core.config import Settings
from app.core.mail import Mail, new_mail_id, to_ascii_domain
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


class Backend(Protocol):
    """Sends one mail, or raises `OSError` or `aiosmtplib.SMTPException`."""

    async def send(self, mail: RenderedMail) -> None:
        """Send the mail."""
        ...


class ConsoleBackend:
    """Writes mail to stderr; the logs are on stdout.

    In production without the text: a mail may contain a token, and the output is kept.
    """

    def __init__(self, show_text: bool) -> None:
        self.show_text = show_text

    async def send(self, mail: RenderedMail) -> None:
        """Write the mail."""
        text = mail.text if self.show_text else "(text withheld)\n"
        sys.stderr.write(f"--- mail to {mail.to}: {mail.subject}\n{text}---\n")
        sys.stderr.flush()


class FileBackend:
    """Writes each mail to a JSON file. The names sort in the order of the mails."""

    def __init__(self, directory: Path) -> None:
        self.directory = anyio.Path(directory)

    async def send(self, mail: RenderedMail) -> None:
        """Write to a temporary name and rename, so that readers see whole files only."""
        await self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / f"{uuid7()}.json"
        partial = path.with_suffix(".partial")
        await partial.write_text(
            json.dumps(mail.as_dict(), indent=2, ensure_ascii=False), encoding="utf-8"
        )
        await partial.rename(path)


class SmtpBackend:
    """Sends mail to an SMTP server (RFC 5321), over TLS unless the settings say otherwise."""

    def __init__(self, settings: EmailSettings) -> None:
        self.settings = settings

    async def send(self, mail: RenderedMail) -> None:
        """Send the mail over a new connection."""
        settings = self.settings
        await aiosmtplib.send(
            mail.as_message(settings.emails_from),
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username or None,
            password=settings.smtp_password.get_secret_value() or None,
            start_tls=settings.smtp_security == "starttls",
            use_tls=settings.smtp_security == "tls",
            timeout=settings.smtp_timeout,
        )


def make_backend(email: EmailSettings, settings: Settings) -> Backend:
    """Make the backend that `EMAIL_BACKEND` names."""
    if email.email_backend == "smtp":
        return SmtpBackend(email)
    if email.email_backend == "file":
        return FileBackend(email.email_file_dir)
    return ConsoleBackend(show_text=settings.environment in {"development", "test"})
