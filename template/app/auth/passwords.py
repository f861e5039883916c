"""Keeping passwords: Argon2id (RFC 9106), away from the event loop."""

import unicodedata

import anyio
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.auth.settings import AuthSettings


class Passwords:
    """Hashes and compares in a few threads.

    On the event loop one login would stop all other requests for a quarter of a second; without
    a bound on the threads, a hundred logins would take 6 GiB.
    """

    def __init__(self, settings: AuthSettings) -> None:
        hasher = Argon2Hasher(
            memory_cost=settings.password_hash_memory_kib,
            time_cost=settings.password_hash_iterations,
            parallelism=1,  # or each of our threads would start more
        )
        self.hasher = PasswordHash((hasher,))
        self.threads = anyio.CapacityLimiter(settings.password_hash_threads)
        # The password of an unknown user is compared with this: no answer may come sooner.
        self.nobody = self.hasher.hash("nobody")

    async def hash(self, password: str) -> str:
        """Hash a password that the policy has accepted."""
        return await anyio.to_thread.run_sync(
            self.hasher.hash, normalise(password), limiter=self.threads
        )

    async def verify(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        """Compare, for a user or for nobody (None) alike.

        Returns whether it matches, and a new hash if the settings have grown stronger since.
        """
        matches, stronger = await anyio.to_thread.run_sync(
            self.hasher.verify_and_update,
            normalise(password),
            hashed or self.nobody,
            limiter=self.threads,
        )
        return (matches, stronger) if hashed else (False, None)


def normalise(password: str) -> str:
    """Make the same text of what different keyboards send (NIST SP 800-63B-4 §3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
