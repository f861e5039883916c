"""Sending mail in the background of this process, after the commit."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import structlog
from aiosmtplib import SMTPException
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.after_commit import after_commit
from app.core.mail import Mail
from app.email.backends import Backend
from app.email.rendering import RenderedMail, Renderer

AT_ONCE = 4
# Seconds to wait before each further attempt.
DELAYS = (1, 4)
FAREWELL_SECONDS = 10

log = structlog.get_logger(__name__)


class BackgroundMailer:
    """Sends from tasks of this process. What is not sent when the process dies is lost."""

    def __init__(
        self, renderer: Renderer, backend: Backend, delays: Sequence[float] = DELAYS
    ) -> None:
        self.renderer = renderer
        self.backend = backend
        self.delays = delays
        self.slots = asyncio.Semaphore(AT_ONCE)
        self.tasks: set[asyncio.Task[None]] = set()

    async def post(self, session: AsyncSession, mail: Mail) -> None:
        """Render now, where a mistake is the request's; send after the commit."""
        rendered = self.renderer.render(mail)

        async def start() -> None:
            task = asyncio.create_task(self._send(rendered))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

        after_commit(session, start)

    async def _send(self, mail: RenderedMail) -> None:
        """Try, wait, try again; a mail that fails breaks nothing and is logged."""
        async with self.slots:
            for delay in (*self.delays, None):
                try:
                    await self.backend.send(mail)
                except (OSError, SMTPException) as error:
                    failed = {"template": mail.template, "error": type(error).__name__}
                    if delay is None:
                        log.error("mail_lost", **failed)
                        return
                    log.warning("mail_retried", **failed)
                    await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311
                else:
                    log.info("mail_sent", template=mail.template)
                    return

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None, None]:
        """At the end, give what is under way some time to arrive."""
        yield
        if self.tasks:
            _, late = await asyncio.wait(self.tasks, timeout=FAREWELL_SECONDS)
            for task in late:
                task.cancel()
            if late:
                log.error("mail_lost", count=len(late))
