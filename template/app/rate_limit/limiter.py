"""A rate limiter with moving windows, as exact in memory as in Redis."""

import math
import time
from bisect import bisect_right
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Protocol

from limits import RateLimitItem, parse
from pydantic import BeforeValidator

from app.core.client_address import parse_address

# A client has a whole IPv6 network of addresses: count the network (RFC 6177).
IPV6_PREFIX_LENGTH = 64
# Below this number of windows none is looked at for being empty.
CLEANUP_THRESHOLD = 1000


def parse_rate(value: object) -> RateLimitItem:
    """Parse a rate such as `5/minute`."""
    if isinstance(value, RateLimitItem):
        return value
    try:
        rate = parse(str(value))
    except ValueError:
        raise ValueError("is not a rate like 5/minute") from None
    if rate.amount < 1:
        raise ValueError("must allow something, like 5/minute")
    return rate


Rate = Annotated[RateLimitItem, BeforeValidator(parse_rate)]


def client_key(address: str) -> str:
    """Return the key for a client's address: the network of an IPv6 one, any other as it is."""
    parsed = parse_address(address)
    if parsed is None or parsed.version == 4:
        return str(parsed or address)
    return f"{int(parsed) >> (128 - IPV6_PREFIX_LENGTH):x}::/{IPV6_PREFIX_LENGTH}"


def hash_key(key: tuple[str, ...]) -> tuple[str, str]:
    """Hash a key, except for its first part. It may be personal data, or very long."""
    purpose, *rest = key
    parts = "\0".join(rest).encode("utf-8", "surrogatepass")
    return purpose, blake2b(parts, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Window:
    """The state of one window. `reset` is in whole seconds from now, at least 1."""

    allowed: bool
    remaining: int
    reset: int


def limit_headers(name: str, rate: RateLimitItem, window: Window) -> dict[str, str]:
    """Return `RateLimit` and its policy (draft-ietf-httpapi-ratelimit-headers).

    With `Retry-After` if the limit is exceeded (RFC 9110 §10.2.3).
    """
    headers = {
        "RateLimit-Policy": f'"{name}";q={rate.amount};w={rate.get_expiry()}',
        "RateLimit": f'"{name}";r={window.remaining};t={window.reset}',
    }
    return headers if window.allowed else {"Retry-After": str(window.reset), **headers}


class Storage(Protocol):
    """What a limiter needs of a storage of `limits`. Times are those of `time.time()`."""

    async def acquire_entry(self, key: str, limit: int, expiry: int) -> bool:
        """Count a hit unless the limit is reached."""
        ...

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return the time of the oldest hit and the number of hits."""
        ...

    async def clear(self, key: str) -> None:
        """Delete the window."""
        ...


class MemoryStorage:
    """Moving windows in this process.

    The `MemoryStorage` of `limits` walks all keys, with a thread for each, whenever one is hit.
    """

    def __init__(self) -> None:
        self.windows: dict[str, tuple[int, list[float]]] = {}
        self.cleanup_at = CLEANUP_THRESHOLD

    async def acquire_entry(self, key: str, limit: int, expiry: int) -> bool:
        """Count a hit unless the limit is reached. Atomic, since nothing here awaits."""
        if len(self.windows) > self.cleanup_at:
            self._clean_up()
        hits = self.windows.setdefault(key, (expiry, []))[1]
        prune(hits, expiry)
        if allowed := len(hits) < limit:
            hits.append(time.monotonic())
        return allowed

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Return the time of the oldest hit and the number of hits."""
        hits = self.windows.get(key, (expiry, []))[1]
        prune(hits, expiry)
        age = time.monotonic() - hits[0] if hits else 0.0
        return time.time() - age, len(hits)

    async def clear(self, key: str) -> None:
        """Delete the window."""
        self.windows.pop(key, None)

    def _clean_up(self) -> None:
        for key, (expiry, hits) in list(self.windows.items()):
            prune(hits, expiry)
            if not hits:
                del self.windows[key]
        self.cleanup_at = max(CLEANUP_THRESHOLD, 2 * len(self.windows))


def prune(hits: list[float], expiry: int) -> None:
    """Delete hits that are older than `expiry` seconds."""
    del hits[: bisect_right(hits, time.monotonic() - expiry)]


class RateLimiter:
    """Limits by rate and key; the first part of a key says what is limited."""

    def __init__(self, storage: Storage | None = None) -> None:
        self.storage = storage or MemoryStorage()

    async def hit(self, rate: RateLimitItem, *key: str) -> Window:
        """Count a hit unless the limit is reached."""
        name = rate.key_for(*hash_key(key))
        allowed = await self.storage.acquire_entry(name, rate.amount, rate.get_expiry())
        return await self._window(rate, name, allowed)

    async def check(self, rate: RateLimitItem, *key: str) -> Window:
        """Return whether a hit would be allowed, without counting one."""
        return await self._window(rate, rate.key_for(*hash_key(key)))

    async def clear(self, rate: RateLimitItem, *key: str) -> None:
        """Reset the window."""
        await self.storage.clear(rate.key_for(*hash_key(key)))

    async def _window(self, rate: RateLimitItem, name: str, allowed: bool | None = None) -> Window:
        start, hits = await self.storage.get_moving_window(name, rate.amount, rate.get_expiry())
        remaining = max(0, rate.amount - hits)
        seconds = math.ceil(start + rate.get_expiry() - time.time())
        return Window(remaining > 0 if allowed is None else allowed, remaining, max(1, seconds))
