"""Users as the API speaks of them."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import MISSING, Field, SecretStr, StrictBool

from app.auth.settings import AuthSettings
from app.core.email_address import Email
from app.core.pagination import PageQuery
from app.core.text import Text
from app.schemas.base import Input, Output

FullName = Annotated[Text, Field(min_length=1, max_length=200, examples=["Ada Lovelace"])]


def say_shortest(schema: dict[str, Any]) -> None:
    """Tell the API's users the length that the settings demand."""
    schema["minLength"] = AuthSettings.load().password_min_length


NewPassword = Annotated[
    SecretStr,
    Field(
        max_length=128,
        description="Not a common one",
        examples=["correct horse battery staple"],
        json_schema_extra=say_shortest,
    ),
]
Password = Annotated[SecretStr, Field(max_length=128, examples=["correct horse battery staple"])]


class UserRegister(Input):
    """What a person gives to register."""

    email: Email
    password: NewPassword
    full_name: FullName | None = None


class UserCreate(UserRegister):
    """What a superuser gives to add somebody."""

    is_active: StrictBool = True
    is_superuser: StrictBool = False


class ProfileUpdate(Input):
    """What people may change of themselves. A new email needs the password."""

    full_name: FullName | None | MISSING = MISSING
    email: Email | MISSING = MISSING
    current_password: Password | None = None


class UserUpdate(Input):
    """What a superuser may change of others."""

    full_name: FullName | None | MISSING = MISSING
    email: Email | MISSING = MISSING
    is_active: StrictBool | MISSING = MISSING
    is_superuser: StrictBool | MISSING = MISSING


class UserRead(Output):
    """An account."""

    id: UUID
    email: Annotated[str, Field(examples=["ada@example.com"])]
    full_name: Annotated[str | None, Field(examples=["Ada Lovelace"])]
    is_active: bool
    is_superuser: bool
    created_at: datetime
    updated_at: datetime


class UserQuery(PageQuery):
    """Which users, in which order. `q` looks at email and name."""

    sort: Literal["created_at", "-created_at", "email", "-email"] = "-created_at"
