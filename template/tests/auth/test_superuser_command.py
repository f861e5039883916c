"""`python -m app create-superuser`."""

import asyncio
import os
import subprocess
import sys

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.cli import main
from app.core.config import ROOT
from app.models.user import User
from tests.auth.factories import PASSWORD, USERS, authorization, log_in, make_user

EMAIL = "root@example.com"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A valid email and password."""
    monkeypatch.setenv("FIRST_SUPERUSER_EMAIL", EMAIL)
    monkeypatch.setenv("FIRST_SUPERUSER_PASSWORD", PASSWORD)


async def create_superuser(*arguments: str) -> int:
    return await asyncio.to_thread(main, ["create-superuser", *arguments])


async def test_the_first_superuser_can_add_accounts(anonymous: AsyncClient) -> None:
    assert await create_superuser() == 0

    tokens = await log_in(anonymous, EMAIL)
    listed = await anonymous.get(USERS, headers=authorization(tokens["access_token"]))
    assert [user["email"] for user in listed.json()["items"]] == [EMAIL]


async def test_the_command_may_run_again_and_changes_nothing(
    anonymous: AsyncClient, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    await create_superuser()
    monkeypatch.setenv("FIRST_SUPERUSER_EMAIL", EMAIL.upper())
    monkeypatch.setenv("FIRST_SUPERUSER_PASSWORD", "another quiet password")

    assert await create_superuser() == 0

    assert await session.scalar(select(func.count()).select_from(User)) == 1
    assert await log_in(anonymous, EMAIL)


@pytest.mark.parametrize("stored", ["root@xn--bcher-kva.example", "root@b\u00fccher.example"])
async def test_an_existing_superuser_is_found_in_any_spelling(
    anonymous: AsyncClient, session: AsyncSession, stored: str
) -> None:
    await make_user(session, email=stored, is_superuser=True)

    for email in ("root@bu\u0308cher.example", "ROOT@XN--BCHER-KVA.example "):
        assert await create_superuser("--email", email) == 0

    assert await session.scalar(select(func.count()).select_from(User)) == 1


async def test_the_command_may_run_in_parallel(session: AsyncSession) -> None:
    codes = await asyncio.gather(*(create_superuser() for _ in range(4)))

    assert codes == [0] * 4
    assert await session.scalar(select(func.count()).where(User.is_superuser)) == 1


async def test_the_email_may_be_an_argument(anonymous: AsyncClient) -> None:
    assert await create_superuser("--email", "ada@example.com") == 0

    assert await log_in(anonymous, "ada@example.com")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("FIRST_SUPERUSER_EMAIL", ""),
        ("FIRST_SUPERUSER_EMAIL", "root"),
        ("FIRST_SUPERUSER_PASSWORD", ""),
        ("FIRST_SUPERUSER_PASSWORD", "password1234"),
        ("FIRST_SUPERUSER_PASSWORD", "s3cr3t"),
        ("FIRST_SUPERUSER_PASSWORD", "s3cr3t" * 22),
    ],
)
async def test_an_invalid_setting_is_named_and_not_shown(
    session: AsyncSession,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: str,
    value: str,
) -> None:
    monkeypatch.setenv(variable, value)

    assert await create_superuser() == 2

    written = capsys.readouterr()
    assert written.err.splitlines()[-1].startswith(f"app: {variable}: ")
    assert not value or value not in written.out + written.err
    assert await session.scalar(select(User.id)) is None


async def test_an_ordinary_account_is_not_promoted(
    session: AsyncSession, capsys: pytest.CaptureFixture[str]
) -> None:
    user = await make_user(session, email=EMAIL)

    assert await create_superuser() == 2

    assert "FIRST_SUPERUSER_EMAIL: " in capsys.readouterr().err.splitlines()[-1]
    await session.refresh(user)
    assert not user.is_superuser


def test_the_command_works_from_a_shell_and_does_not_print_the_password(
    anonymous: AsyncClient,
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", "create-superuser"],
        env=dict(os.environ),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert EMAIL in done.stdout
    assert PASSWORD not in done.stdout + done.stderr
