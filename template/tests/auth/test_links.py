"""Links in mails: scanners of mail open them, so that only a POST uses a token."""

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.auth import TokenPurpose
from tests.auth.examples import store_token
from tests.auth.factories import AUTH, make_user
from tests.auth.mails import verify


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_opening_a_link_changes_nothing(
    anonymous: AsyncClient, session: AsyncSession, method: str
) -> None:
    user = await make_user(session, email_verified=False)
    token = await store_token(session, user, TokenPurpose.EMAIL_VERIFICATION)

    for path in (f"{AUTH}/email/verify", f"{AUTH}/password/reset"):
        response = await anonymous.request(method, path, params={"token": token})
        assert (response.status_code, response.headers["allow"]) == (405, "POST")

    assert (await verify(anonymous, token)).status_code == 204
