"""Factories of API keys."""

from datetime import timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.auth.tokens import hash_token
from app.db.base import utc_now
from app.models.api_key import ApiKey
from app.models.user import User
from app.services.api_key import key_prefix, new_key
from tests.auth.factories import ME

KEYS = f"{ME}/api-keys"


async def make_key(session: AsyncSession, user: User, **fields: Any) -> tuple[ApiKey, str]:
    """Add a key that was just used, and return it with its text."""
    key_id, now = uuid7(), utc_now()
    key = new_key(key_prefix(key_id))
    defaults = {
        "name": "nightly report",
        "prefix": key_prefix(key_id),
        "fingerprint": hash_token(key),
        "expires_at": now + timedelta(hours=1),
        "last_used_at": now,
    }
    row = ApiKey(id=key_id, user_id=user.id, **defaults | fields)
    session.add(row)
    await session.commit()
    return row, key
