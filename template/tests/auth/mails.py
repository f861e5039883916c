"""Mails of accounts, and the requests that their tokens are for."""

from typing import Any

from fastapi import FastAPI
from httpx2 import AsyncClient, Response

from tests.auth.factories import AUTH, ME, PASSWORD
from tests.auth.fixtures import Mailbox, deliver

REGISTER = f"{AUTH}/register"
RESEND = f"{AUTH}/email/verification"
VERIFY = f"{AUTH}/email/verify"


async def register(client: AsyncClient, email: str, password: str = PASSWORD) -> Response:
    """Register an account."""
    return await client.post(REGISTER, json={"email": email, "password": password})


async def verify(client: AsyncClient, token: str) -> Response:
    """Verify an address with the token from a mail."""
    return await client.post(VERIFY, json={"token": token})


async def change_email(client: AsyncClient, email: str) -> Response:
    """Ask for a change of the client's own address."""
    return await client.patch(ME, json={"email": email, "current_password": PASSWORD})


async def mailed(mailbox: Mailbox, template: str) -> list[dict[str, Any]]:
    """Return the mails of one template, oldest first."""
    return [mail for mail in await mailbox() if mail["template"] == template]


async def newest_token(mailbox: Mailbox) -> str:
    """Return the token of the newest mail that verifies an address."""
    return (await mailed(mailbox, "email_verification"))[-1]["context"]["token"]


async def mailed_by(app: FastAPI, mailbox: Mailbox) -> list[dict[str, Any]]:
    """Return the mails, those of another app too."""
    await deliver(app)
    return await mailbox()
