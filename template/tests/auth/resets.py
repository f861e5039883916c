"""Requests of password resets."""

from httpx2 import AsyncClient, Response

from tests.auth.factories import AUTH, NEW_PASSWORD
from tests.auth.fixtures import Mailbox
from tests.auth.mails import mailed

FORGOT = f"{AUTH}/password/forgot"
RESET = f"{AUTH}/password/reset"


async def request_reset(client: AsyncClient, mailbox: Mailbox, email: str) -> str:
    """Request a reset mail and return its token."""
    await client.post(FORGOT, json={"email": email})
    return (await mailed(mailbox, "password_reset"))[-1]["context"]["token"]


async def reset(client: AsyncClient, token: str, password: str = NEW_PASSWORD) -> Response:
    """Set a new password with the token."""
    return await client.post(RESET, json={"token": token, "new_password": password})
