"""Mail by the workers: a job in the caller's transaction."""

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.feature import Feature
from app.core.job import JobQueue
from app.core.mail import Mail
from app.services.job import enqueue, make_row

SEND_MAIL = "mail.send"


class JobMailer:
    """Mail is sent if the transaction is committed, whatever becomes of this process."""

    def __init__(self, queue: JobQueue) -> None:
        self.queue = queue

    async def send_after_commit(self, session: AsyncSession, mail: Mail) -> None:
        """Leave it to a worker."""
        await enqueue(session, self.queue, [mail_row(mail)])


def mail_row(mail: Mail, key: str | None = None) -> dict[str, object]:
    """Describe the job that sends one mail. Of several with one key, only the first is sent."""
    payload = {"to": mail.to, "template": mail.template, "context": dict(mail.context)}
    return make_row(SEND_MAIL, payload, key)


def _setup(app: FastAPI) -> None:
    app.state.mailer = JobMailer(app.state.job_queue)


mail_jobs = Feature(name="mail_jobs", setup=_setup)
