"""The tools of authentication, made once from the settings."""

from dataclasses import dataclass
from datetime import timedelta

from app.auth.passwords import PasswordHasher, PasswordPolicy
from app.auth.settings import AuthSettings
from app.auth.throttle import LoginThrottle
from app.auth.tokens import AccessTokens
from app.core.config import Settings
from app.core.project import PROJECT
from app.core.secret_key import signing_keys
from app.rate_limit.limiter import RateLimiter


@dataclass(frozen=True, slots=True)
class AuthTools:
    """What all requests share."""

    settings: AuthSettings
    passwords: PasswordHasher
    policy: PasswordPolicy
    tokens: AccessTokens
    login_throttle: LoginThrottle
    reset_throttle: LoginThrottle
    verification_throttle: LoginThrottle


def make_auth_tools(settings: Settings, limiter: RateLimiter) -> AuthTools:
    """Make the tools from the settings."""
    auth = AuthSettings.load()
    lifetime = timedelta(minutes=auth.access_token_minutes)
    return AuthTools(
        settings=auth,
        passwords=PasswordHasher(auth),
        policy=PasswordPolicy(auth, settings.project_name),
        tokens=AccessTokens(keys=signing_keys(), issuer=PROJECT.name, lifetime=lifetime),
        login_throttle=LoginThrottle(limiter, auth.rate_limit_login, "login"),
        reset_throttle=LoginThrottle(limiter, auth.rate_limit_login, "reset"),
        verification_throttle=LoginThrottle(limiter, auth.rate_limit_login, "verification"),
    )
