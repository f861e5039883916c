"""Password hashing with Argon2id (RFC 9106), and the password policy (NIST SP 800-63B-4)."""

import re
import unicodedata

import anyio
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from app.auth.settings import AuthSettings
from app.core.exceptions import AppError
from app.core.mail import email_spellings

# A list of common passwords finds it in fewer guesses (zxcvbn's scores 0 and 1) ...
MIN_GUESSES = 10**6
# ... but no such list has passwords longer than this.
MAX_COMMON_LENGTH = 64
# What may be a password of 128 characters, typed with each accent apart.
MAX_DECOMPOSED_LENGTH = 4 * 128
CHARACTER_CLASSES = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")


class PasswordRejectedError(AppError):
    """The password is too short, too common or too easy to derive."""

    status = 422
    code = "password_rejected"
    detail = "Choose another password."


class PasswordHasher:
    """Hashes and verifies passwords in a few threads.

    On the event loop one login would block all other requests for a quarter of a second; without
    a limit on the threads, a hundred logins would take 6 GiB.
    """

    def __init__(self, settings: AuthSettings) -> None:
        hasher = Argon2Hasher(
            memory_cost=settings.password_hash_memory_kib,
            time_cost=settings.password_hash_iterations,
            parallelism=1,  # or each of our threads would start more
        )
        self.hasher = PasswordHash((hasher,))
        # Of no password: to verify against when the user is unknown, so that it takes as long.
        cost = f"m={settings.password_hash_memory_kib},t={settings.password_hash_iterations},p=1"
        self.dummy_hash = f"$argon2id$v=19${cost}${'A' * 22}${'A' * 43}"
        self.threads = anyio.CapacityLimiter(settings.password_hash_threads)

    async def hash(self, password: str) -> str:
        """Hash a password that the policy has accepted."""
        return await anyio.to_thread.run_sync(
            self.hasher.hash, normalize_password(password), limiter=self.threads
        )

    async def verify(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        """Verify a password, in the same time if there is no user (`hashed` is None).

        Returns whether it matches, and a new hash if the settings have become stronger since.
        """
        return await anyio.to_thread.run_sync(
            self._verify, normalize_password(password), hashed, limiter=self.threads
        )

    def _verify(self, password: str, hashed: str | None) -> tuple[bool, str | None]:
        result = self.hasher.verify_and_update(password, hashed or self.dummy_hash)
        return result if hashed else (False, None)


class PasswordPolicy:
    """Accepts long and uncommon passwords of any characters (NIST SP 800-63B-4 §3.1.1.2)."""

    def __init__(self, settings: AuthSettings, project_name: str) -> None:
        self.settings = settings
        self.project_name = project_name

    async def check(self, password: str, email: str) -> None:
        """Raise `PasswordRejectedError` with the reason, unless the password is accepted."""
        password = normalize_password(password)  # what is hashed
        min_length = self.settings.password_min_length
        if len(password) < min_length:
            raise PasswordRejectedError(f"Use at least {min_length} characters.")
        known = {email.partition("@")[0], *email_spellings(email), self.project_name}
        if password.casefold() in {normalize_password(text).casefold() for text in known}:
            raise PasswordRejectedError("Use something that is not your name or ours.")
        if self.settings.password_require_mixed and not all(
            re.search(characters, password) for characters in CHARACTER_CLASSES
        ):
            raise PasswordRejectedError("Mix upper and lower case, digits and other characters.")
        if await anyio.to_thread.run_sync(is_common, password):
            raise PasswordRejectedError("This password is too common. A few random words are good.")


def is_common(password: str) -> bool:
    """Whether lists of common passwords, names, words and patterns contain it. Blocking."""
    # Imported late: the lists take memory that a service without sign-ups does not need.
    from zxcvbn import zxcvbn

    return len(password) <= MAX_COMMON_LENGTH and zxcvbn(password)["guesses"] < MIN_GUESSES


def normalize_password(password: str) -> str:
    """Return the same text for the input of different keyboards (NIST SP 800-63B-4 §3.1.1.2).

    Text that is too long for a password is left: composing takes the square of its length.
    """
    if len(password) > MAX_DECOMPOSED_LENGTH:
        return password
    return unicodedata.normalize("NFKC", password)
