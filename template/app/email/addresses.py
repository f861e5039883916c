"""Addresses in settings: the sender, and the reserved domains that are accepted."""

import re
from collections.abc import Collection
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import unquote

import email_validator

from app.core.email_address import to_ascii_domain

SENDER = re.compile(r"(?P<name>[^<>\x00-\x1f\x7f]*?)\s*<(?P<address>[^<>]*)>|(?P<only>[^<>]*)")
# What every server accepts, those without SMTPUTF8 (RFC 6531) too; lengths as in RFC 5321 §4.5.3.1.
LABEL = r"[a-z\d]([a-z\d-]{0,61}[a-z\d])?"
ADDRESS = re.compile(
    rf"[\w.!#$%&'*+/=?^`{{|}}~-]{{1,64}}@{LABEL}(\.{LABEL})*", re.ASCII | re.IGNORECASE
)
# Longer ones would be folded, and Python loses their quotes then.
MAX_NAME_LENGTH = 64
# Top-level domains that no public mail server knows, and that internal networks use (RFC 6761).
RESERVED_DOMAINS = tuple(email_validator.SPECIAL_USE_DOMAIN_NAMES)


def parse_sender(value: object) -> Address:
    """Parse `shop@example.com`, `Teapots <shop@example.com>` or `Doe, Jane <shop@example.com>`."""
    match = SENDER.fullmatch(str(value).strip())
    address = to_ascii_domain((match["address"] or match["only"] or "") if match else "")
    if match is None or not ADDRESS.fullmatch(address):
        raise ValueError("must be an address like shop@example.com or Teapots <shop@example.com>")
    name = unquote(match["name"] or "")
    if len(name) > MAX_NAME_LENGTH:
        raise ValueError(f"must not have a name of more than {MAX_NAME_LENGTH} characters")
    try:
        return Address(display_name=name, addr_spec=address)
    except (MessageError, ValueError):
        raise ValueError(f"{address} is no address that mail can be sent from") from None


def accept_reserved_domains(domains: Collection[str]) -> None:
    """Accept email addresses below these reserved domains, and below no others.

    The validator has one list for the whole process, which its documentation says to change.
    """
    refused = [name for name in RESERVED_DOMAINS if name not in domains]
    email_validator.SPECIAL_USE_DOMAIN_NAMES[:] = refused
