"""`python -m app reset-password`, and how commands ask for a password."""

import asyncio
import io
import os
import pty
import subprocess
import sys

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli import main
from app.core.config import ROOT
from tests.auth.factories import AUTH, PASSWORD, authorization, log_in, make_user

NEW = "another quiet password"


async def reset_password(monkeypatch: pytest.MonkeyPatch, email: str, password: str) -> int:
    """Run the command as a script does."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
    return await asyncio.to_thread(main, ["reset-password", "--email", email])


async def test_it_sets_the_password_and_ends_the_sessions(
    anonymous: AsyncClient, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await make_user(session)
    tokens = await log_in(anonymous, user.email)

    assert await reset_password(monkeypatch, user.email.upper(), NEW) == 0

    headers = authorization(tokens["access_token"])
    assert (await anonymous.get("/api/v1/users/me", headers=headers)).status_code == 401
    for password, status in ((PASSWORD, 401), (NEW, 200)):
        form = {"username": user.email, "password": password}
        assert (await anonymous.post(f"{AUTH}/login", data=form)).status_code == status


@pytest.mark.parametrize("password", ["", "short", "password1234"])
async def test_a_rejected_password_changes_nothing(
    anonymous: AsyncClient,
    session: AsyncSession,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    password: str,
) -> None:
    user = await make_user(session)

    assert await reset_password(monkeypatch, user.email, password) == 2

    assert capsys.readouterr().err.splitlines()[-1].startswith("app: password: ")
    assert await log_in(anonymous, user.email)


async def test_an_unknown_email_is_reported(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await reset_password(monkeypatch, "unknown@example.com", NEW) == 2

    assert "--email: there is no account" in capsys.readouterr().err


@pytest.mark.process
@pytest.mark.parametrize(
    ("typed", "code"), [((NEW, NEW), 0), ((NEW, NEW + "x"), 2), (("", NEW), 2)]
)
def test_a_terminal_asks_twice(anonymous: AsyncClient, typed: tuple[str, str], code: int) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "app", "create-superuser", "--email", "ann@example.com"]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"FIRST_SUPERUSER_PASSWORD": ""},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # getpass asks the terminal, if there is one
    ) as asking:
        shown = ""
        for prompt, text in zip(("ann@example.com: ", "Again: "), typed, strict=True):
            while not shown.endswith(prompt):
                shown += os.read(ours, 1000).decode()
            os.write(ours, f"{text}\n".encode())

    assert asking.returncode == code
    assert NEW not in shown
