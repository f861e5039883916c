"""Mail jobs: added with the transaction, retried, and once for each recipient."""

import asyncio

import pytest
from aiosmtplib import SMTPException
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.mail import Mail
from app.db.base import utc_now
from app.db.session import Database
from app.email.backends import FileBackend, RenderedMail
from app.models.job import Job
from app.workers.mail.feature import SEND_MAIL, JobMailer
from app.workers.runner import JobRunner
from tests.auth.factories import AUTH, PASSWORD
from tests.auth.fixtures import Mailbox
from tests.jobs.factories import JOBS
from tests.problems import assert_problem
from tests.workers.inline import RecordingDispatcher, run_due, settings

NEWCOMER = {"email": "ada@example.com", "password": PASSWORD}
ADDRESSES = [
    *("a@example.com", "b@b\u00fccher.example.com", "A@example.com ", "c@example.com"),
    *("b@xn--bcher-kva.example.com", "B@BU\u0308CHER.example.com"),
]


async def mails(session: AsyncSession) -> list[Job]:
    """The current rows of the jobs that send mail."""
    return list(
        await session.scalars(
            select(Job).where(Job.type == SEND_MAIL).execution_options(populate_existing=True)
        )
    )


async def test_the_services_mail_is_sent_by_the_workers(
    app: FastAPI, anonymous: AsyncClient, session: AsyncSession, mailbox: Mailbox
) -> None:
    await anonymous.post(f"{AUTH}/register", json=NEWCOMER)
    assert [job.payload["to"] for job in await mails(session)] == ["ada@example.com"] * 2

    await run_due(app)

    sent = {(mail["to"], mail["template"]) for mail in await mailbox()}
    assert sent == {("ada@example.com", "welcome"), ("ada@example.com", "email_verification")}
    for job in await mails(session):
        assert (job.status, job.payload, job.owner_id) == ("succeeded", {}, None)


async def test_a_transaction_that_is_rolled_back_sends_no_mail(
    database: Database, dispatcher: RecordingDispatcher, session: AsyncSession
) -> None:
    async with database.transactions() as rolled_back:
        await JobMailer(dispatcher).send_after_commit(
            rolled_back, Mail("ada@example.com", "welcome", {"name": "Ada"})
        )
        await rolled_back.rollback()

    assert await mails(session) == []
    assert dispatcher.dispatched == []


async def test_a_mail_that_fails_is_retried(
    database: Database,
    dispatcher: RecordingDispatcher,
    session: AsyncSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def refuse(*_: object) -> None:
        raise SMTPException

    monkeypatch.setattr(FileBackend, "send", refuse)
    async with database.transactions.begin() as posting:
        await JobMailer(dispatcher).send_after_commit(
            posting, Mail("ada@example.com", "welcome", {"name": "Ada"})
        )
    (job_id,) = dispatcher.dispatched

    await JobRunner(database, settings(), dispatcher).run(job_id)

    (job,) = await mails(session)
    assert (job.status, job.attempts, job.payload["to"]) == ("queued", 1, "ada@example.com")


@pytest.mark.parametrize("template", ["no_such", "welcome"])
async def test_a_mail_that_cannot_be_rendered_is_not_retried(
    template: str, database: Database, dispatcher: RecordingDispatcher, session: AsyncSession
) -> None:
    async with database.transactions.begin() as posting:
        await JobMailer(dispatcher).send_after_commit(posting, Mail("ada@example.com", template))

    await JobRunner(database, settings(), dispatcher).run(dispatcher.dispatched[0])

    (job,) = await mails(session)
    assert (job.status, job.attempts) == ("failed", 1)
    assert "template" in (job.error or "")


async def test_bulk_mail_reaches_each_recipient_once(
    app: FastAPI, client: AsyncClient, session: AsyncSession, mailbox: Mailbox
) -> None:
    payload = {"to": ADDRESSES, "template": "welcome", "context": {"name": "you"}}
    asked = await client.post(JOBS, json={"type": "mail.bulk", "payload": payload})

    await asyncio.gather(run_due(app), run_due(app))

    job = (await client.get(asked.headers["location"])).json()
    assert (job["status"], job["result"]) == ("succeeded", {"mails": 3})
    assert sorted(mail["to"] for mail in await mailbox()) == [
        "a@example.com",
        "b@xn--bcher-kva.example.com",
        "c@example.com",
    ]


@pytest.mark.parametrize("to", ["Ada <a@example.com>", "a@example.com,b@example.com", "a"])
async def test_bulk_mail_goes_to_addresses_only(client: AsyncClient, to: str) -> None:
    payload = {"to": ["b@example.com", to], "template": "welcome"}

    response = await client.post(JOBS, json={"type": "mail.bulk", "payload": payload})

    assert_problem(response, 422, "validation_error")


async def test_a_retried_mail_has_the_same_id(
    database: Database, dispatcher: RecordingDispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []

    async def take_and_fail(_: FileBackend, mail: RenderedMail) -> None:
        sent.append(mail.id)
        raise SMTPException

    monkeypatch.setattr(FileBackend, "send", take_and_fail)
    async with database.transactions.begin() as posting:
        await JobMailer(dispatcher).send_after_commit(
            posting, Mail("ada@example.com", "welcome", {"name": "Ada"})
        )
    runner = JobRunner(database, settings(), dispatcher)
    for _ in range(2):
        await runner.run(dispatcher.dispatched[0])
        async with database.transactions.begin() as session_due:
            await session_due.execute(update(Job).values(due_at=utc_now()))

    assert len(sent) == 2
    assert sent[0] == sent[1]
