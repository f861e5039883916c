"""The mail backends."""

import subprocess
import sys
from email import policy
from email.headerregistry import Address
from pathlib import Path

import pytest
from aiosmtplib import SMTPException
from httpx2 import AsyncClient

from app.core.mail import Mail
from app.core.settings import SettingsError
from app.email.backends import FileBackend, RenderedMail, Renderer, SmtpBackend
from app.email.settings import EmailSettings
from tests.auth.factories import AUTH, PASSWORD
from tests.auth.fixtures import read_mails
from tests.clients import connect
from tests.conftest import MakeApp
from tests.email.smtp import MailServer, without_workers
from tests.processes import environment

SECRET = "t0ken-of-ada"
# A registration sends the welcome only.
ONE_MAIL = {"EMAIL_VERIFICATION": "off"}
MAIL = Renderer(project_name="Teapots", password_reset_url="").render(
    Mail("ada@example.com", "password_reset", {"token": SECRET, "minutes": "30"})
)
SHOP = Address(addr_spec="shop@example.com")
ADA = {"email": "ada@example.com", "password": PASSWORD, "full_name": "Ада"}


async def register(client: AsyncClient) -> None:
    assert (await client.post(f"{AUTH}/register", json=ADA)).status_code == 201


async def test_the_file_backend_writes_json(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"

    await FileBackend(folder).send(MAIL)

    [mail] = read_mails(folder)
    assert mail == {
        "to": "ada@example.com",
        "subject": "Your new password for Teapots",
        "template": "password_reset",
        "context": {"token": SECRET, "minutes": "30"},
        "text": MAIL.text,
        "html": MAIL.html,
    }


async def test_files_are_named_in_the_order_of_the_mails(tmp_path: Path) -> None:
    backend = FileBackend(tmp_path)
    for number in range(5):
        await backend.send(RenderedMail(str(number), "", "", {}, "", ""))

    assert [mail["to"] for mail in read_mails(tmp_path)] == list("01234")


@pytest.mark.parametrize(
    ("environment", "shown"), [("development", True), ("staging", False), ("production", False)]
)
async def test_the_console_shows_the_text_only_in_development(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str], environment: str, shown: bool
) -> None:
    app = await make_app(EMAIL_BACKEND="console", ENVIRONMENT=environment)

    await app.state.background_mailer.backend.send(MAIL)

    written = capsys.readouterr().err
    assert "ada@example.com" in written
    assert MAIL.subject in written
    assert (SECRET in written) is shown


@pytest.mark.parametrize(
    ("environment", "backend", "warned"),
    [("production", "console", True), ("production", "file", False), ("staging", "console", False)],
)
async def test_a_production_service_that_sends_no_mail_says_so_at_the_start(
    make_app: MakeApp,
    capfd: pytest.CaptureFixture[str],
    environment: str,
    backend: str,
    warned: bool,
) -> None:
    await make_app(EMAIL_BACKEND=backend, ENVIRONMENT=environment)

    assert ('"mail_not_sent"' in capfd.readouterr().out) is warned


async def test_the_default_backend_is_the_console(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EMAIL_BACKEND")

    assert type((await make_app()).state.background_mailer.backend).__name__ == "ConsoleBackend"


async def test_smtp_mail_has_both_parts(make_app: MakeApp) -> None:
    async with MailServer().open() as server:
        app = without_workers(
            await make_app(**server.settings, **ONE_MAIL, EMAILS_FROM="shop@example.com")
        )
        async with connect(app) as client, app.state.mailer.open():
            await register(client)

    [envelope], [message] = server.envelopes, server.messages
    assert (envelope.mail_from, envelope.rcpt_tos) == ("shop@example.com", ["ada@example.com"])
    assert (message["From"], message["To"]) == ("shop@example.com", "ada@example.com")
    parts = {part.get_content_type(): part.get_content() for part in message.iter_parts()}
    assert parts.keys() == {"text/plain", "text/html"}
    assert all("Ада" in part for part in parts.values())


async def test_mail_of_and_to_any_domain_needs_no_smtputf8(
    make_app: MakeApp,
) -> None:
    sender = "Doe, Jane <shop@b\u00fccher.example>"
    async with MailServer().open() as server:
        app = without_workers(await make_app(**server.settings, **ONE_MAIL, EMAILS_FROM=sender))
        async with connect(app) as client, app.state.mailer.open():
            body = {"email": "eva@stra\u00dfe.example.org", "password": PASSWORD}
            await client.post(f"{AUTH}/register", json=body)

    [envelope], [message] = server.envelopes, server.messages
    assert envelope.mail_from == "shop@xn--bcher-kva.example"
    assert envelope.rcpt_tos == ["eva@xn--strae-oqa.example.org"]
    assert message["From"] == '"Doe, Jane" <shop@xn--bcher-kva.example>'
    assert message["Date"]
    assert message["Message-ID"].endswith("@xn--bcher-kva.example>")


def test_a_file_is_utf_8_with_any_locale(tmp_path: Path) -> None:
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    script = """
import asyncio, pathlib, sys
from app.email.backends import FileBackend
from app.email.backends import RenderedMail
mail = RenderedMail("a@example.com", "\\u0410\\u0434\\u0430", "", {}, "", "")
asyncio.run(FileBackend(pathlib.Path(sys.argv[1])).send(mail))
"""

    command = [sys.executable, "-c", script, str(tmp_path)]
    subprocess.run(command, env=environment(**locale), check=True)

    [path] = tmp_path.iterdir()
    assert "Ада".encode() in path.read_bytes()


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_mail_is_sent_over_tls_by_default(security: str) -> None:
    async with MailServer().open() as server:
        settings = EmailSettings.model_validate(
            {"smtp_host": "127.0.0.1", "smtp_port": server.port, "smtp_security": security}
            | {"smtp_timeout": 1}
        )
        with pytest.raises((OSError, SMTPException)):
            await SmtpBackend(settings).send(MAIL)

    assert server.attempts == 0


async def test_smtp_requires_a_host(make_app: MakeApp) -> None:
    with pytest.raises(SettingsError, match="SMTP_HOST: "):
        await make_app(EMAIL_BACKEND="smtp")


def test_a_long_address_is_not_broken_into_lines() -> None:
    address = f"{'a' * 60}@{'.'.join(['b' * 60] * 3)}.example"
    message = RenderedMail(address, "Hello", "", {}, "", "").as_message(SHOP)

    assert message["To"] == address
    assert address in str(message.as_bytes(policy=policy.SMTP))
