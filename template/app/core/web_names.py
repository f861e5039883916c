"""Hosts and origins as browsers and proxies write them."""

import re
from ipaddress import IPv6Address
from urllib.parse import SplitResult, urlsplit

import idna

DEFAULT_PORTS = {"http": 80, "https": 443}
LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
NAME = re.compile(rf"{LABEL}(?:\.{LABEL})*")


def read_origin(text: str) -> str:
    """Return an origin as browsers send it (RFC 6454 §6.2), or raise `ValueError`."""
    if "*" in text:
        raise ValueError("list each origin; * is not allowed, since credentials are")
    try:
        url = urlsplit(text.strip())
        return _origin(url)
    except ValueError:
        raise ValueError("write a scheme and a host, such as https://app.example.com") from None


def _origin(url: SplitResult) -> str:
    if (
        not url.scheme
        or url.username is not None
        or url.path.strip("/")
        or url.query
        or url.fragment
    ):
        raise ValueError
    host = read_host(url.hostname or "")
    port = "" if url.port in {None, DEFAULT_PORTS.get(url.scheme)} else f":{url.port}"
    return f"{url.scheme}://{host}{port}"


def read_host(text: str) -> str:
    """Return a host as it is compared, in lower case and ASCII, or raise `ValueError`."""
    name = text.strip().lower().removesuffix(".")
    try:
        if ":" in name:
            return f"[{IPv6Address(name.strip('[]'))}]"
        name = name if name.isascii() else idna.encode(name, uts46=True).decode()
        if NAME.fullmatch(name):
            return name
    except ValueError:
        pass
    raise ValueError("write a host alone, such as api.example.com, without https:// or a port")


def read_trusted_host(text: str) -> str:
    """Return a host, or `*.example.com` for every subdomain, or `*` for all; else `ValueError`."""
    if text.strip() == "*":
        return "*"
    wildcard, name = ("*.", text.strip()[2:]) if text.strip().startswith("*.") else ("", text)
    return wildcard + read_host(name)
