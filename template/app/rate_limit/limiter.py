"""A rate limiter with moving windows, as exact in memory as in Redis."""

import math
import time
from bisect import bisect_right
from dataclasses import dataclass
from hashlib import blake2b
from typing import Annotated, Protocol

from limits import RateLimitItem, parse_many
from pydantic import BeforeValidator

from app.core.addresses import parse_address

# A client has a whole IPv6 network of addresses: count the network (RFC 6177).
IPV6_PREFIX_LENGTH = 64
# Below this number of windows none is looked at for being empty.
CLEANUP_THRESHOLD = 1000


def parse_rate(value: object) -> RateLimitItem:
    """Parse a rate such as `5/minute`."""
    if isinstance(value, RateLimitItem):
        return value
    try:
        [rate] = parse_many(str(value))  # of several, only one would count
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


@dataclass(frozen=True, slots=True)
class Hits:
    """The hits of a window.

    `oldest` is when the oldest was counted; now if there is none, as if one were counted now.
    """

    allowed: bool
    count: int
    oldest: float


class Storage(Protocol):
    """Keeps moving windows of `expiry` seconds. Times are those of `time.time()`."""

    async def read(self, key: str, limit: int, expiry: int, *, hit: bool) -> Hits:
        """Read a window, in one step with counting a hit, unless the limit is reached."""
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

    async def read(self, key: str, limit: int, expiry: int, *, hit: bool) -> Hits:
        """Read a window, and count a hit. Atomic, since nothing here awaits."""
        if len(self.windows) > self.cleanup_at:
            self._clean_up()
        now = time.monotonic()
        hits = self.windows.get(key, (expiry, []))[1]
        prune(hits, expiry)
        allowed = len(hits) < limit
        if allowed and hit:
            hits.append(now)
            self.windows[key] = (expiry, hits)
        age = now - hits[0] if hits else 0.0
        return Hits(allowed, len(hits), time.time() - age)

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
        return await self._read(rate, key, hit=True)

    async def check(self, rate: RateLimitItem, *key: str) -> Window:
        """Return whether a hit would be allowed, without counting one."""
        return await self._read(rate, key, hit=False)

    async def clear(self, rate: RateLimitItem, *key: str) -> None:
        """Reset the window."""
        await self.storage.clear(rate.key_for(*hash_key(key)))

    async def _read(self, rate: RateLimitItem, key: tuple[str, ...], *, hit: bool) -> Window:
        name, expiry = rate.key_for(*hash_key(key)), rate.get_expiry()
        hits = await self.storage.read(name, rate.amount, expiry, hit=hit)
        seconds = math.ceil(hits.oldest + expiry - time.time())
        return Window(hits.allowed, max(0, rate.amount - hits.count), max(1, seconds))
