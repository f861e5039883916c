"""Slowing down those who guess passwords. Needs no other server; counts in this process."""

import math
import time

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from app.core.exceptions import AppError

# What one address may try on all accounts, and all addresses on one, compared with one on one.
WIDER = 10


class TooManyAttemptsError(AppError):
    """Somebody guesses, or has forgotten."""

    status = 429
    code = "rate_limited"
    detail = "Too many attempts. Wait a little."


class LoginThrottle:
    """Counts attempts by account and address; a success forgets those of this pair."""

    def __init__(self, rate: RateLimitItem) -> None:
        self.limiter = MovingWindowRateLimiter(MemoryStorage())
        self.rate = rate
        self.wide = type(rate)(rate.amount * WIDER, rate.multiples)

    async def admit(self, account: str, address: str) -> None:
        """Count the attempt before it is made, so that parallel guesses do not slip through."""
        await self._hit(self.rate, "pair", account, address)
        for kind, key in (("account", account), ("address", address)):
            if not await self.limiter.test(self.wide, kind, key):
                await self._refuse(self.wide, kind, key)

    async def failed(self, account: str, address: str) -> None:
        """Count a failure against the account and the address."""
        await self.limiter.hit(self.wide, "account", account)
        await self.limiter.hit(self.wide, "address", address)

    async def succeeded(self, account: str, address: str) -> None:
        """Forget what came before: this was the owner."""
        await self.limiter.clear(self.rate, "pair", account, address)

    async def _hit(self, rate: RateLimitItem, *key: str) -> None:
        if not await self.limiter.hit(rate, *key):
            await self._refuse(rate, *key)

    async def _refuse(self, rate: RateLimitItem, *key: str) -> None:
        window = await self.limiter.get_window_stats(rate, *key)
        seconds = max(1, math.ceil(window.reset_time - time.time()))
        raise TooManyAttemptsError(headers={"Retry-After": str(seconds)})
