"""An SMTP server for tests."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session
from fastapi import FastAPI


class MailServer:
    """Keeps the mail it receives, after `failures` refused attempts."""

    def __init__(self, failures: int = 0, seconds: float = 0) -> None:
        self.failures = failures
        self.seconds = seconds
        self.attempts = 0
        self.awake = asyncio.Event()
        self.awake.set()
        self.port = 0
        self.envelopes: list[Envelope] = []

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802
        """Answer as RFC 5321 §4.2.3 says."""
        self.attempts += 1
        await asyncio.sleep(self.seconds)
        await self.awake.wait()
        if self.attempts <= self.failures:
            return "451 Try again"
        self.envelopes.append(envelope)
        return "250 OK"

    @property
    def messages(self) -> list[EmailMessage]:
        """The received messages."""
        contents = [envelope.original_content or b"" for envelope in self.envelopes]
        return [message_from_bytes(content, policy=policy.default) for content in contents]

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a service that uses this server."""
        address = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(self.port)}
        return {"EMAIL_BACKEND": "smtp", "SMTP_SECURITY": "none", **address}

    @asynccontextmanager
    async def open(self) -> AsyncGenerator["MailServer"]:
        """Listen, on the same port as before."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(self, enable_SMTPUTF8=False), "127.0.0.1", self.port
        )
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self


def without_workers(app: FastAPI) -> FastAPI:
    """Let the app's process send its mail, even if it has workers."""
    app.state.mailer = app.state.background_mailer
    return app
