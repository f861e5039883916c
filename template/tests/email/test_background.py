"""Sending mail in the background."""

import asyncio
from email.message import EmailMessage

import pytest
from sqlalchemy import text

from app.core.mail import Mail
from app.core.state import FastAPI
from app.db.session import Database
from app.email.backends import Renderer, SmtpBackend
from app.email.feature import BackgroundMailer, email
from app.email.settings import EmailSettings
from tests.auth.factories import AUTH, PASSWORD
from tests.clients import connect
from tests.conftest import MakeApp
from tests.email.smtp import MailServer, without_workers

MAIL = Mail("ada@example.com", "welcome", {"name": "Ada"})
ADA = {"email": "ada@example.com", "password": PASSWORD}


def make_mailer(server: MailServer) -> BackgroundMailer:
    settings = {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": "none"}
    backend = SmtpBackend(EmailSettings.model_validate(settings))
    return BackgroundMailer(Renderer(project_name="Teapots"), backend, delays=(0, 0))


async def post(database: Database, mailer: BackgroundMailer) -> None:
    async with database.transactions() as session:
        await mailer.send_after_commit(session, MAIL)
        await session.execute(text("SELECT 1"))
        await session.commit()


async def receive(database: Database, server: MailServer, mails: int = 1) -> list[EmailMessage]:
    async with server.open():
        mailer = make_mailer(server)
        async with mailer.open():
            for _ in range(mails):
                await post(database, mailer)
    assert not mailer.tasks
    return server.messages


async def test_a_mail_is_sent_once_and_after_the_commit(database: Database) -> None:
    async with MailServer().open() as server, database.transactions() as session:
        mailer = make_mailer(server)
        await mailer.send_after_commit(session, MAIL)
        await session.execute(text("SELECT 1"))
        assert not mailer.tasks
        async with mailer.open():
            await session.commit()
            await session.execute(text("SELECT 1"))
            await session.commit()

    assert server.attempts == 1


async def test_mail_of_a_rolled_back_transaction_is_not_sent(database: Database) -> None:
    async with MailServer().open() as server, database.transactions() as session:
        mailer = make_mailer(server)
        await session.execute(text("SELECT 1"))
        await mailer.send_after_commit(session, MAIL)
        await session.rollback()
        async with mailer.open():
            await session.commit()

    assert server.attempts == 0


@pytest.mark.parametrize("undone", [False, True])
async def test_savepoints_keep_and_discard_their_own_mail(database: Database, undone: bool) -> None:
    async with MailServer().open() as server, database.transactions() as session:
        mailer = make_mailer(server)
        await mailer.send_after_commit(session, MAIL)
        savepoint = await session.begin_nested()
        await mailer.send_after_commit(session, MAIL)
        await (savepoint.rollback() if undone else savepoint.commit())
        assert not mailer.tasks
        async with mailer.open():
            await session.commit()

    assert server.attempts == (1 if undone else 2)


@pytest.mark.parametrize(("failures", "arrive"), [(1, 1), (2, 1), (3, 0)])
async def test_a_mail_that_fails_is_tried_three_times(
    database: Database, failures: int, arrive: int
) -> None:
    server = MailServer(failures)

    assert len(await receive(database, server)) == arrive

    assert server.attempts == min(failures + 1, 3)


async def test_a_failed_mail_does_not_block_others(database: Database) -> None:
    assert len(await receive(database, MailServer(failures=3), mails=9)) >= 6


async def test_shutdown_waits_for_mails(database: Database) -> None:
    assert len(await receive(database, MailServer(seconds=0.1), mails=6)) == 6


async def test_the_lifespan_waits_for_mails(database: Database) -> None:
    app = FastAPI()
    async with MailServer(seconds=0.1).open() as server:
        app.state.background_mailer = make_mailer(server)
        async with email.lifespan(app):
            await post(database, app.state.background_mailer)

        assert len(server.messages) == 1


async def test_a_request_does_not_wait_for_a_slow_mail_server(make_app: MakeApp) -> None:
    async with MailServer().open() as server:
        server.awake.clear()
        app = without_workers(await make_app(**server.settings))
        async with connect(app) as client, app.state.mailer.open():
            response = await client.post(f"{AUTH}/register", json=ADA)
            assert not server.envelopes
            server.awake.set()

    assert response.status_code == 201
    assert len(server.envelopes) == 2  # the welcome, and the token that verifies the address


async def test_a_request_succeeds_while_the_mail_server_is_down(make_app: MakeApp) -> None:
    server = MailServer()
    async with server.open():
        pass  # its port is closed from now on
    app = without_workers(await make_app(**server.settings))
    async with connect(app) as client:
        response = await client.post(f"{AUTH}/register", json=ADA)
    await asyncio.sleep(0.1)
    async with server.open(), app.state.mailer.open():
        pass

    assert response.status_code == 201
    assert len(server.envelopes) == 2  # the welcome, and the token that verifies the address
