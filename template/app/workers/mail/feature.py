"""The feature `mail_jobs`: each mail is a job, added in the caller's transaction."""

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.feature import Feature
from app.core.job import JobDispatcher
from app.core.mail import Mail
from app.services.job import enqueue, job_row

SEND_MAIL = "mail.send"


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


def _setup(app: FastAPI) -> None:
    app.state.mailer = JobMailer(app.state.job_queue)


mail_jobs = Feature(name="mail_jobs", after=("celery", "email"), setup=_setup)
