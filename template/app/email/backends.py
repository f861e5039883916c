"""Where a rendered mail goes."""

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
        """Send."""
        ...


class ConsoleBackend:
    """Writes mail to stderr, beside the logs on stdout. In production without the text: a mail
    may hold a token, and what is written there is kept.
    """

    def __init__(self, show_text: bool) -> None:
        self.show_text = show_text

    async def send(self, mail: RenderedMail) -> None:
        """Write."""
        text = mail.text if self.show_text else "(text withheld)\n"
        sys.stderr.write(f"--- mail to {mail.to}: {mail.subject}\n{text}---\n")
        sys.stderr.flush()


class FileBackend:
    """Writes each mail to a JSON file, whose name tells the order."""

    def __init__(self, directory: Path) -> None:
        self.directory = anyio.Path(directory)

    async def send(self, mail: RenderedMail) -> None:
        """Write, and only then give the file the name that readers look for."""
        await self.directory.mkdir(parents=True, exist_ok=True)
        path = self.directory / f"{uuid7()}.json"
        partial = path.with_suffix(".partial")
        await partial.write_text(
            json.dumps(mail.as_dict(), indent=2, ensure_ascii=False), encoding="utf-8"
        )
        await partial.rename(path)


class SmtpBackend:
    """Hands mail to a server (RFC 5321), over TLS unless told otherwise."""

    def __init__(self, settings: EmailSettings) -> None:
        self.settings = settings

    async def send(self, mail: RenderedMail) -> None:
        """Send over a connection of its own."""
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
    """The backend that the settings name."""
    if email.email_backend == "smtp":
        return SmtpBackend(email)
    if email.email_backend == "file":
        return FileBackend(email.email_file_dir)
    return ConsoleBackend(show_text=settings.environment in {"development", "test"})
