"""What the feature keeps for all requests."""

from dataclasses import dataclass

from app.auth.password_policy import PasswordPolicy
from app.auth.passwords import Passwords
from app.auth.settings import AuthSettings
from app.auth.throttle import LoginThrottle
from app.auth.tokens import AccessTokens


@dataclass(frozen=True, slots=True)
class Auth:
    """The tools of authentication, made once."""

    settings: AuthSettings
    passwords: Passwords
    policy: PasswordPolicy
    tokens: AccessTokens
    throttle: LoginThrottle
    resets_throttle: LoginThrottle
