"""Addresses of mail as every server takes them."""

import re
from email.errors import MessageError
from email.headerregistry import Address

import idna

# `shop@example.com`, or `Doe, Jane <shop@example.com>` with or without quotes around the name.
SENDER = re.compile(
    r"""(?:"?(?P<name>[^<>"\x00-\x1f]*)"?\s*<(?P<inner>[^<>]+)>|(?P<bare>[^<>]+))"""
)


def read_sender(text: str) -> str:
    """Return the sender as it stands in a mail's header; raise `ValueError` if it is none."""
    match = SENDER.fullmatch(text.strip())
    if match is None:
        raise ValueError("is not like shop@example.com or Jane Doe <shop@example.com>")
    try:
        address = with_ascii_domain((match["inner"] or match["bare"]).strip())
        address.encode("ascii")
        return str(Address((match["name"] or "").strip(), addr_spec=address))
    except (ValueError, MessageError):
        raise ValueError("has no address that every mail server takes") from None


def with_ascii_domain(address: str) -> str:
    """Write the domain in ASCII (RFC 5891), or raise `ValueError` if it is none."""
    local, _, domain = address.rpartition("@")
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"
