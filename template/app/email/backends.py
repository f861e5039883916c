"""Mail backends: console, file and SMTP."""

import json
import sys
from pathlib import Path
from typing import Protocol

import aiosmtplib
import anyio
from uuid_utils.compat import uuid7

from app.core.config import Settings
from app.email.rendering import RenderedMail
from app.email.settings import EmailSettings


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
