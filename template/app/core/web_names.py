"""Hosts and origins, as browsers and proxies write them."""

import re
from ipaddress import IPv6Address

import idna
from pydantic import AnyUrl, ValidationError

LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
NAME = re.compile(rf"{LABEL}(?:\.{LABEL})*")
# A WebSocket's origin is that of its page: no browser sends `wss://`.
SCHEME = r"(?!(?:wss?|ftp):)[a-z][a-z0-9+.-]*"
ORIGIN = re.compile(rf"{SCHEME}://(?:{NAME.pattern}|\[[0-9a-f:.]+\])(?::[0-9]+)?")


def read_origin(text: str) -> str:
    """Return an origin as browsers send it (RFC 6454 §6.2), or raise `ValueError`."""
    if "*" in text:
        raise ValueError("list each origin; * is not allowed, since credentials are")
    try:
        origin = str(AnyUrl(text.strip().lower())).removesuffix("/")
    except ValidationError:
        origin = ""
    if not ORIGIN.fullmatch(origin):
        raise ValueError("write a scheme and a host, such as https://app.example.com")
    return origin


def read_host(text: str) -> str:
    """Return a host as it is compared, in lower case and ASCII, or raise `ValueError`."""
    name = text.strip().lower().removesuffix(".")
    try:
        if ":" in name:
            return f"[{IPv6Address(name.strip('[]'))}]"
        name = name if name.isascii() else idna.encode(name, uts46=True).decode()
    except ValueError:
        name = ""
    if not NAME.fullmatch(name):
        raise ValueError("write a host alone, such as api.example.com, without https:// or a port")
    return name


def read_trusted_host(text: str) -> str:
    """Return a host, or `*.example.com` for every subdomain, or `*` for all; else `ValueError`."""
    if text.strip() == "*":
        return "*"
    wildcard, name = ("*.", text.strip()[2:]) if text.strip().startswith("*.") else ("", text)
    return wildcard + read_host(name)
