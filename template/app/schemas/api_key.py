"""Request and response bodies of API keys."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.core.numbers import JSON_INTEGER
from app.core.text import SafeText
from app.schemas.base import Input, Output

PREFIX = "my-service_0198c5a46f0e7c3b9d512b7c8e4f1a60"
KEY = f"{PREFIX}_{'7d0c5e3a91f2b684' * 4}6b1fd2a4"

Name = Annotated[SafeText, Field(min_length=1, max_length=100, examples=["nightly report"])]
Days = Annotated[int, Field(ge=1, le=365, examples=[30]), JSON_INTEGER]


class ApiKeyCreate(Input):
    """A new key. The name is for yourself."""

    name: Name
    expires_in_days: Days = 90


class ApiKeyRead(Output):
    """A key. `prefix` is how it begins; `last_used_at` is right to a minute."""

    id: UUID
    name: Annotated[str, Field(examples=["nightly report"])]
    prefix: Annotated[str, Field(examples=[PREFIX])]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class ApiKeyCreated(ApiKeyRead):
    """A new key. `key` is in this answer only."""

    key: Annotated[str, Field(examples=[KEY])]


class ApiKeyList(Output):
    """All keys of a user."""

    items: list[ApiKeyRead]
