"""Fixtures of the tests of authentication."""

import pytest
from httpx2 import AsyncClient

from app.models.user import User
from tests.auth.fixtures import Mailbox
from tests.auth.resets import request_reset


@pytest.fixture
async def token(anonymous: AsyncClient, mailbox: Mailbox, user: User) -> str:
    """The reset token that was mailed to the user."""
    return await request_reset(anonymous, mailbox, user.email)
