"""Mail: the mailer port, and one spelling for each email address."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from email_validator import EmailNotValidError, ValidatedEmail, validate_email
from sqlalchemy.ext.asyncio import AsyncSession

MAX_EMAIL_LENGTH = 254  # RFC 5321 §4.5.3.1.3
MAX_DECOMPOSED_LENGTH = 4 * MAX_EMAIL_LENGTH  # NFC makes text up to four times shorter


def new_mail_id() -> str:
    """Return a unique id."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one address. `template` names the files in app/email/templates/.

    Every attempt to send it has the same `id`, so that mail servers recognise duplicates.
    """

    to: str
    template: str
    context: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=new_mail_id, compare=False)


class Mailer(Protocol):
    """Sends mail after the commit."""

    async def send_after_commit(self, session: AsyncSession, mail: Mail) -> None:
        """Send `mail` after the session's transaction is committed; never if it is rolled back."""
        ...


def normalize_email(text: str) -> str:
    """Return the address in lower case, its domain in ASCII, or raise `ValueError`."""
    parsed = _parse(text, strict=True)
    return _spell(parsed.local_part, parsed.ascii_domain)


def email_key(text: str) -> str:
    """Normalize for comparison and rate limits. Text that is no address has a key too."""
    try:
        return normalize_email(text)
    except ValueError:
        return _storable(_composed(text).lower())


def email_spellings(text: str) -> set[str]:
    """Return the spellings to look up: older accounts have the domain in its own script."""
    try:
        parsed = _parse(text)
    except ValueError:
        return {email_key(text)}
    domains = (parsed.ascii_domain, parsed.domain)
    return {_spell(parsed.local_part, domain) for domain in domains}


def to_ascii_domain(text: str) -> str:
    """Return the address with an ASCII domain, as mail servers need it; other text unchanged."""
    try:
        # The domain may be a host of an internal network.
        parsed = _parse(text, globally_deliverable=False)
    except ValueError:
        return text
    return f"{parsed.local_part}@{parsed.ascii_domain}"


def _parse(text: str, *, strict: bool = False, globally_deliverable: bool = True) -> ValidatedEmail:
    text = _composed(text)
    if len(text) > MAX_EMAIL_LENGTH:  # validating a very long one is slow
        raise EmailNotValidError(f"The email address is longer than {MAX_EMAIL_LENGTH} characters.")
    try:
        return validate_email(
            text,
            strict=strict,  # lengths as in RFC 5321 §4.5.3.1
            check_deliverability=False,
            globally_deliverable=globally_deliverable,
        )
    except EmailNotValidError as error:  # some messages quote the domain
        raise EmailNotValidError(re.sub(r" \(\D.*\)", "", str(error))) from None


def _composed(text: str) -> str:
    """Compose accents, which keyboards write as NFC or NFD, and strip white space.

    Text that is too long for an address is left: composing takes the square of its length.
    """
    text = text.strip()
    return unicodedata.normalize("NFC", text) if len(text) <= MAX_DECOMPOSED_LENGTH else text


def _spell(local_part: str, domain: str) -> str:
    return _composed(f"{local_part}@{domain}".lower())


def _storable(text: str) -> str:
    """Replace what PostgreSQL cannot compare with: NUL and lone surrogates."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
