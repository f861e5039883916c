"""Asking for a new password, and choosing it, as the tests do."""

from httpx2 import AsyncClient, Response

from tests.auth.factories import AUTH, NEW_PASSWORD
from tests.auth.fixtures import Mailbox

FORGOT = f"{AUTH}/password/forgot"
RESET = f"{AUTH}/password/reset"


async def forget(client: AsyncClient, mailbox: Mailbox, email: str) -> str:
    """Ask for a mail and take the token out of it."""
    await client.post(FORGOT, json={"email": email})
    return (await mailbox())[-1]["context"]["token"]


async def reset(client: AsyncClient, token: str, password: str = NEW_PASSWORD) -> Response:
    """Choose a new password with the token."""
    return await client.post(RESET, json={"token": token, "new_password": password})
