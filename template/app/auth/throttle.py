"""Slowing down those who guess passwords."""

import asyncio

from limits import RateLimitItem

from app.core.email_address import email_key
from app.core.exceptions import TooManyRequestsError
from app.rate_limit.limiter import RateLimiter, Window, client_key, limit_headers

# What one address may fail on all accounts, and all addresses on one, compared with one on one.
WIDER = 10


class LoginThrottle:
    """Counts attempts by account and address; a success forgets those of this pair."""

    def __init__(self, limiter: RateLimiter, rate: RateLimitItem, purpose: str) -> None:
        self.limiter = limiter
        self.rate = rate
        self.wide = type(rate)(rate.amount * WIDER, rate.multiples)
        self.purpose = purpose

    async def admit(self, account: str, address: str) -> None:
        """Count the attempt before it is made, so that parallel guesses do not slip through."""
        account, address = keys(account, address)
        pair = (self.purpose, "pair", account, address)
        self._insist(self.rate, await self.limiter.hit(self.rate, *pair))
        for window in await asyncio.gather(
            self.limiter.check(self.wide, self.purpose, "account", account),
            self.limiter.check(self.wide, self.purpose, "address", address),
        ):
            self._insist(self.wide, window)

    async def failed(self, account: str, address: str) -> None:
        """Count a failure against the account and the address."""
        account, address = keys(account, address)
        await asyncio.gather(
            self.limiter.hit(self.wide, self.purpose, "account", account),
            self.limiter.hit(self.wide, self.purpose, "address", address),
        )

    async def succeeded(self, account: str, address: str) -> None:
        """Forget what came before: this was the owner."""
        await self.limiter.clear(self.rate, self.purpose, "pair", *keys(account, address))

    def _insist(self, rate: RateLimitItem, window: Window) -> None:
        if not window.allowed:
            raise TooManyRequestsError(headers=limit_headers(self.purpose, rate, window))


def keys(account: str, address: str) -> tuple[str, str]:
    """What is counted: one account in any spelling, one network of IPv6."""
    return email_key(account), client_key(address)
