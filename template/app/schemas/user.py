"""Request and response bodies of user accounts."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import MISSING, AfterValidator, Field, SecretStr, StrictBool

from app.auth.settings import AuthSettings
from app.core.email_address import MAX_EMAIL_LENGTH, normalize_email
from app.core.pagination import PageQuery
from app.core.text import SafeText
from app.schemas.base import Input, Output

Email = Annotated[
    str,
    AfterValidator(normalize_email),
    Field(
        max_length=MAX_EMAIL_LENGTH,
        examples=["ada@example.com"],
        json_schema_extra={"format": "email"},
    ),
]
FullName = Annotated[SafeText, Field(min_length=1, max_length=200, examples=["Ada Lovelace"])]


def add_min_length(schema: dict[str, Any]) -> None:
    """Document the minimum length, which is a setting."""
    schema["minLength"] = AuthSettings.load().password_min_length


NewPassword = Annotated[
    SecretStr,
    Field(
        max_length=128,
        description="Not a common one",
        examples=["correct horse battery staple"],
        json_schema_extra=add_min_length,
    ),
]
Password = Annotated[SecretStr, Field(max_length=128, examples=["correct horse battery staple"])]


class UserRegister(Input):
    """Body of a registration."""

    email: Email
    password: NewPassword
    full_name: FullName | None = None


class UserCreate(UserRegister):
    """Body for adding an account, by a superuser."""

    is_active: StrictBool = True
    is_superuser: StrictBool = False


class ProfileUpdate(Input):
    """Changes of your own account. A new email needs the password, and has to be verified."""

    full_name: FullName | None | MISSING = MISSING
    email: Email | MISSING = MISSING
    current_password: Password | None = None


class AccountDeletion(Input):
    """Your password, asked for again."""

    current_password: Password


class UserUpdate(Input):
    """Changes of any account, by a superuser."""

    full_name: FullName | None | MISSING = MISSING
    email: Email | MISSING = MISSING
    is_active: StrictBool | MISSING = MISSING
    is_superuser: StrictBool | MISSING = MISSING
    password: NewPassword | MISSING = MISSING


class UserRead(Output):
    """An account."""

    id: UUID
    email: Annotated[str, Field(examples=["ada@example.com"])]
    email_verified: bool
    pending_email: Annotated[
        str | None,
        Field(description="A new one, until it is verified", examples=["countess@example.com"]),
    ]
    full_name: Annotated[str | None, Field(examples=["Ada Lovelace"])]
    is_active: bool
    is_superuser: bool
    created_at: datetime
    updated_at: datetime


class RegistrationAccepted(Output):
    """The same answer for every address, with and without an account."""

    email: Annotated[str, Field(examples=["ada@example.com"])]


class UserQuery(PageQuery):
    """Query of a list of users. `q` searches email and name."""

    sort: Literal["created_at", "-created_at", "email", "-email"] = "-created_at"
