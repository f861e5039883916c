"""The tools of authentication, made once from the settings, and the login throttle."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from limits import RateLimitItem

from app.auth.passwords import PasswordHasher, PasswordPolicy
from app.auth.settings import AuthSettings, signing_keys
from app.auth.tokens import AccessTokens
from app.core.config import PROJECT, Settings
from app.core.exceptions import TooManyRequestsError
from app.core.mail import email_key
from app.rate_limit.limiter import RateLimiter, Window, client_key, limit_headers

# The limit of one address on all accounts, and of all addresses on one account, is so many times
# that of one address on one account.
GLOBAL_FACTOR = 10


class LoginThrottle:
    """Counts attempts by account and address. A success resets the count of the pair."""

    def __init__(self, limiter: RateLimiter, rate: RateLimitItem, purpose: str) -> None:
        self.limiter = limiter
        self.rate = rate
        self.global_rate = type(rate)(rate.amount * GLOBAL_FACTOR, rate.multiples)
        self.purpose = purpose

    async def hit(self, account: str, address: str) -> None:
        """Count an attempt, or raise 429. Call it first: parallel guesses must all be counted."""
        account, address = throttle_keys(account, address)
        pair = (self.purpose, "pair", account, address)
        self._raise_if_exceeded(self.rate, await self.limiter.hit(self.rate, *pair))
        for window in await asyncio.gather(
            self.limiter.check(self.global_rate, self.purpose, "account", account),
            self.limiter.check(self.global_rate, self.purpose, "address", address),
        ):
            self._raise_if_exceeded(self.global_rate, window)

    async def record_failure(self, account: str, address: str) -> None:
        """Count a failure against the account and the address."""
        account, address = throttle_keys(account, address)
        await asyncio.gather(
            self.limiter.hit(self.global_rate, self.purpose, "account", account),
            self.limiter.hit(self.global_rate, self.purpose, "address", address),
        )

    async def count_mail(self, account: str, address: str) -> None:
        """Count a mail that is asked for, or raise 429."""
        await self.hit(account, address)
        await self.record_failure(account, address)

    async def count_account(self, account: str) -> None:
        """Count a mail to an account, asked for from any address, or raise 429."""
        key = (self.purpose, "account", email_key(account))
        self._raise_if_exceeded(self.global_rate, await self.limiter.hit(self.global_rate, *key))

    async def reset(self, account: str, address: str) -> None:
        """Reset the count of the pair after a success."""
        await self.limiter.clear(self.rate, self.purpose, "pair", *throttle_keys(account, address))

    def _raise_if_exceeded(self, rate: RateLimitItem, window: Window) -> None:
        if not window.allowed:
            raise TooManyRequestsError(headers=limit_headers(self.purpose, rate, window))


def throttle_keys(account: str, address: str) -> tuple[str, str]:
    """Return what is counted: the account in any spelling, the /64 network of an IPv6 address."""
    return email_key(account), client_key(address)


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
