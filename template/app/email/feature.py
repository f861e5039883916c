"""The `email` feature: mail is sent by this process, unless another feature replaces the mailer."""

import asyncio
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import structlog
from aiosmtplib import SMTPException
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.after_commit import after_commit
from app.core.config import Settings
from app.core.feature import Feature
from app.core.mail import Mail
from app.core.state import AppState, FastAPI
from app.email.backends import Backend, RenderedMail, Renderer, make_backend, make_renderer
from app.email.settings import EmailSettings, accept_reserved_domains

MAX_CONCURRENT_MAILS = 4
RETRY_DELAYS_SECONDS = (1, 4)
SHUTDOWN_TIMEOUT_SECONDS = 10

log = structlog.get_logger(__name__)


class BackgroundMailer:
    """Sends mail from tasks of this process. Mail not sent when the process dies is lost."""

    def __init__(
        self, renderer: Renderer, backend: Backend, delays: Sequence[float] = RETRY_DELAYS_SECONDS
    ) -> None:
        self.renderer = renderer
        self.backend = backend
        self.delays = delays
        self.semaphore = asyncio.Semaphore(MAX_CONCURRENT_MAILS)
        self.tasks: set[asyncio.Task[None]] = set()

    async def send_after_commit(self, session: AsyncSession, mail: Mail) -> None:
        """Render now, so that a mistake fails the request; send after the commit."""
        rendered = self.renderer.render(mail)

        async def start() -> None:
            task = asyncio.create_task(self._send(rendered))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

        after_commit(session, start)

    async def _send(self, mail: RenderedMail) -> None:
        """Send with retries. A mail that fails is logged and breaks nothing else."""
        async with self.semaphore:
            for delay in (*self.delays, None):
                try:
                    await self.backend.send(mail)
                except (OSError, SMTPException) as error:
                    details = {"template": mail.template, "error": type(error).__name__}
                    if delay is None:
                        log.error("mail_failed", **details)
                        return
                    log.warning("mail_retried", **details)
                    await asyncio.sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311
                else:
                    log.info("mail_sent", template=mail.template)
                    return

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[None, None]:
        """On shutdown, wait for the mails that are being sent."""
        yield
        if self.tasks:
            _, unsent = await asyncio.wait(self.tasks, timeout=SHUTDOWN_TIMEOUT_SECONDS)
            for task in unsent:
                task.cancel()
            if unsent:
                log.error("mail_failed", count=len(unsent))


def make_mailer(settings: Settings) -> BackgroundMailer:
    """Make the mailer from the settings."""
    own = EmailSettings.load()
    return BackgroundMailer(make_renderer(own, settings), make_backend(own, settings))


def _setup(app: FastAPI) -> None:
    settings = EmailSettings.load()
    if settings.email_backend == "console" and settings.environment == "production":
        log.warning("mail_not_sent", hint="set EMAIL_BACKEND=smtp and SMTP_HOST to send mail")
    accept_reserved_domains(settings.reserved_domains)
    app.state.mailer = app.state.background_mailer = make_mailer(app.state.settings)


@asynccontextmanager
async def _worker(_: AppState) -> AsyncGenerator[None, None]:
    """Workers accept the same addresses in jobs as the server does."""
    accept_reserved_domains(EmailSettings.load().reserved_domains)
    yield


email = Feature(
    name="email",
    setup=_setup,
    lifespan=lambda app: app.state.background_mailer.open(),
    worker_lifespan=_worker,
)
