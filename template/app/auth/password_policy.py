"""Which passwords are accepted (NIST SP 800-63B-4 §3.1.1.2)."""

import re

import anyio

from app.auth.passwords import normalise
from app.auth.settings import AuthSettings
from app.core.email_address import email_spellings
from app.core.exceptions import AppError

# A list of common passwords finds it in fewer guesses (zxcvbn's scores 0 and 1) ...
FEWEST_GUESSES = 10**6
# ... but no such list has passwords longer than this.
LONGEST_COMMON = 64
KINDS = (r"[a-z]", r"[A-Z]", r"[0-9]", r"[^A-Za-z0-9]")


class PasswordRejectedError(AppError):
    """The password is too short, too common or too easy to derive."""

    status = 422
    code = "password_rejected"
    detail = "Choose another password."


class PasswordPolicy:
    """Accepts long and unusual passwords of any characters."""

    def __init__(self, settings: AuthSettings, project: str) -> None:
        self.settings = settings
        self.project = project.casefold()

    async def check(self, password: str, email: str) -> None:
        """Raise `PasswordRejectedError` with the reason, unless the password is good."""
        password = normalise(password)  # what is hashed
        shortest = self.settings.password_min_length
        if len(password) < shortest:
            raise PasswordRejectedError(f"Use at least {shortest} characters.")
        known = {email.partition("@")[0], *email_spellings(email), self.project}
        if password.casefold() in {normalise(text).casefold() for text in known}:
            raise PasswordRejectedError("Use something that is not your name or ours.")
        if self.settings.password_require_mixed and not all(
            re.search(kind, password) for kind in KINDS
        ):
            raise PasswordRejectedError("Mix upper and lower case, digits and other characters.")
        if len(password) <= LONGEST_COMMON and await anyio.to_thread.run_sync(is_common, password):
            raise PasswordRejectedError("This password is too common. A few random words are good.")


def is_common(password: str) -> bool:
    """Whether lists of common passwords, names, words and patterns give it away. Blocking."""
    # Imported late: the lists take memory that a service without sign-ups need not spend.
    from zxcvbn import zxcvbn

    return zxcvbn(password)["guesses"] < FEWEST_GUESSES
