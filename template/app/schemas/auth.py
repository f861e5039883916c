"""Request and response bodies of authentication."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, SecretStr, StrictBool

from app.schemas.base import Input, Output, SafeText
from app.schemas.user import Email, NewPassword, Password

# Of the length of real tokens.
EXAMPLE = "Yb3pFvQe0m8sTz1RrX5uKcWj2LhN7aGdoI4iVfBnP6k"
Token = Annotated[SafeText, Field(min_length=1, max_length=512, examples=[EXAMPLE])]


class TokenForm(BaseModel):
    """The form of an OAuth2 client (RFC 6749 §4.3.2, §6). Other fields are ignored."""

    grant_type: Literal["password", "refresh_token"] = "password"
    username: Annotated[
        str, Field(description="Your email, to log in", examples=["ada@example.com"])
    ] = ""
    password: Annotated[SecretStr, Field(examples=["correct horse battery staple"])] = SecretStr("")
    refresh_token: Annotated[
        str, Field(description="Instead of both, to refresh", examples=[EXAMPLE])
    ] = ""


class TokenPair(Output):
    """Tokens of a session (RFC 6749 §5.1). `expires_in` is in seconds."""

    access_token: Annotated[
        str, Field(examples=["eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2ln"])
    ]
    refresh_token: Annotated[str, Field(examples=[EXAMPLE])]
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  (its type, not a token)
    expires_in: Annotated[int, Field(examples=[900])]


class RefreshRequest(Input):
    """The token of the last login or refresh, which can be used once."""

    refresh_token: Token


class LogoutRequest(Input):
    """Which sessions to end: this one, or all."""

    everywhere: StrictBool = False


class SessionRead(Output):
    """A login on one device. `address` and `user_agent` are those of the login."""

    id: UUID
    created_at: datetime
    last_used_at: Annotated[datetime, Field(description="Right to a minute")]
    user_agent: Annotated[str | None, Field(examples=["Mozilla/5.0 (X11; Linux x86_64)"])]
    address: Annotated[str | None, Field(examples=["203.0.113.7"])]
    current: Annotated[bool, Field(description="Whether this request belongs to it")]


class SessionList(Output):
    """Sessions that have not ended, newest first."""

    items: list[SessionRead]


class PasswordChange(Input):
    """The current password and the new one."""

    current_password: Password
    new_password: NewPassword


class MailRequest(Input):
    """The email of the account, or the one to verify."""

    email: Email


class MailRequested(Output):
    """The same answer for every address, with and without an account."""

    detail: str = "If an account is waiting for it, a mail is on its way to this address."


class EmailVerification(Input):
    """The token from the mail."""

    token: Token


class PasswordResetRequest(Input):
    """The token from the mail, and the new password."""

    token: Token
    new_password: NewPassword
