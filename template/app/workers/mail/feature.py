"""The feature `mail_jobs`: each mail is a job, added in the caller's transaction."""

from functools import cache
from typing import Annotated, Any

from jinja2 import TemplateError
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.core.feature import Feature
from app.core.job import JobDispatcher, JobFailedError, job
from app.core.mail import Mail
from app.core.state import FastAPI
from app.email.backends import Backend, Renderer, make_backend, make_renderer
from app.email.settings import EmailSettings
from app.schemas.base import Input, SafeText
from app.schemas.user import Email
from app.services.job import enqueue, job_row
from app.workers.runner import JobContext

SEND_MAIL = "mail.send"

Template = Annotated[str, Field(pattern="^[a-z_]{1,50}$", examples=["welcome"])]
Values = Annotated[dict[SafeText, SafeText], Field(max_length=50)]


class MailSend(Input):
    """One message to one recipient."""

    to: str
    template: Template
    context: Values = {}


class MailBulk(Input):
    """One message to many recipients, a mail of its own for each."""

    to: Annotated[list[Email], Field(min_length=1, max_length=1000)]
    template: Template
    context: Values = {}


class JobMailer:
    """Leaves mail to the workers: it is sent if the transaction commits, even if we crash."""

    def __init__(self, dispatcher: JobDispatcher) -> None:
        self.dispatcher = dispatcher

    async def send_after_commit(self, session: AsyncSession, mail: Mail) -> None:
        """Add the job."""
        await enqueue(session, self.dispatcher, [mail_row(mail)])


def mail_row(mail: Mail, key: str | None = None) -> dict[str, object]:
    """Make the row of the job that sends a mail. Of several with one key, only one is sent."""
    payload = {"to": mail.to, "template": mail.template, "context": dict(mail.context)}
    return job_row(SEND_MAIL, payload, key)


@cache
def mail_backend() -> tuple[Renderer, Backend]:
    """Make the renderer and the backend, once in a process."""
    settings, own = Settings.load(), EmailSettings.load()
    return make_renderer(own, settings), make_backend(own, settings)


@job(SEND_MAIL, MailSend, public=False)
async def send_mail(context: JobContext, payload: MailSend) -> None:
    """Send one mail; twice, if the worker dies between sending and committing."""
    renderer, backend = mail_backend()
    try:
        mail = Mail(payload.to, payload.template, payload.context, id=context.job.id.hex)
        rendered = renderer.render(mail)
    except TemplateError:
        raise JobFailedError("The mail cannot be made from this template and context.") from None
    await backend.send(rendered)


@job("mail.bulk", MailBulk, superusers=True)
async def send_bulk_mail(context: JobContext, payload: MailBulk) -> dict[str, Any]:
    """Add one job for each recipient, so that one bad address does not delay the others."""
    rows = [
        mail_row(Mail(to, payload.template, payload.context), key=f"{context.job.id}/{to}")
        for to in payload.to
    ]
    return {"mails": len(await context.enqueue(rows))}


def _setup(app: FastAPI) -> None:
    app.state.mailer = JobMailer(app.state.job_queue)


mail_jobs = Feature(name="mail_jobs", after=("celery", "email"), setup=_setup)
