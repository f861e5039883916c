"""Whom mail is from: an address, or a name with one."""

import re
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import unquote

from app.core.email_address import with_ascii_domain

SENDER = re.compile(r"(?P<name>[^<>\x00-\x1f\x7f]*?)\s*<(?P<address>[^<>]*)>|(?P<only>[^<>]*)")
# What every server takes, those without SMTPUTF8 (RFC 6531) too.
ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[a-z\d-]+(\.[a-z\d-]+)*", re.ASCII | re.IGNORECASE)
# Longer ones would be folded, and Python loses their quotes then.
LONGEST_NAME = 64


def parse_sender(value: object) -> Address:
    """Read `shop@example.com`, `Teapots <shop@example.com>` or `Doe, Jane <shop@example.com>`."""
    match = SENDER.fullmatch(str(value).strip())
    address = with_ascii_domain((match["address"] or match["only"] or "") if match else "")
    if match is None or not ADDRESS.fullmatch(address):
        raise ValueError("must be an address like shop@example.com or Teapots <shop@example.com>")
    name = unquote(match["name"] or "")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"must not have a name of more than {LONGEST_NAME} characters")
    try:
        return Address(display_name=name, addr_spec=address)
    except (MessageError, ValueError):
        raise ValueError(f"{address} is no address that mail can be sent from") from None
