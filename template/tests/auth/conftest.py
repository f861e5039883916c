"""What the tests of authentication share."""

import pytest
from httpx2 import AsyncClient

from app.models.user import User
from tests.auth.fixtures import Mailbox
from tests.auth.resets import forget


@pytest.fixture
async def token(anonymous: AsyncClient, mailbox: Mailbox, user: User) -> str:
    """The token that the user has got by mail."""
    return await forget(anonymous, mailbox, user.email)
