"""Addresses of clients, hosts and origins, as browsers and proxies write them."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import idna
from pydantic import AnyUrl, ValidationError

Networks = Sequence[IPv4Network | IPv6Network]

# Some gateways add the client's port: `203.0.113.7:51234`, `[2001:db8::7]:443`.
WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::\d{1,5})?|([^:]+):\d{1,5}")
# How IPv4 peers look on a socket that serves both families (RFC 4291 §2.5.5.2).
MAPPED = "::ffff:"
MAPPED_BITS = 96

LABEL = r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?"
NAME = re.compile(rf"{LABEL}(?:\.{LABEL})*")
# A WebSocket's origin is that of its page: no browser sends `wss://`.
SCHEME = r"(?!(?:wss?|ftp):)[a-z][a-z0-9+.-]*"
ORIGIN = re.compile(rf"{SCHEME}://(?:{NAME.pattern}|\[[0-9a-f:.]+\])(?::[0-9]+)?")


def client_address(peer: str, forwarded_for: str, trusted: Networks) -> str:
    """Return the right-most address of `X-Forwarded-For` that is not a trusted proxy.

    What is left of it was sent by the client, and may be forged.
    """
    address = peer
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    while hops and is_trusted(address, trusted):
        hop = parse_hop(hops.pop())
        if hop is None:
            break
        address = hop
    return address


def is_trusted(address: str, trusted: Networks) -> bool:
    """Whether `address` is a trusted proxy."""
    found = parse_address(address)
    return found is not None and any(found in network for network in trusted)


def parse_hop(hop: str) -> str | None:
    """Return the address of one hop, with or without a port; None if it has none."""
    if match := WITH_PORT.fullmatch(hop):
        hop = match[1] or match[2]
    found = parse_address(hop)
    return str(found) if found else None


def parse_address(text: str) -> IPv4Address | IPv6Address | None:
    """Read an IP address. An IPv4-mapped one is its IPv4 address."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def unmap(address: str) -> str:
    """Return the IPv4 address of an IPv4-mapped one; any other text as it is."""
    return str(parse_address(address) or address) if address.startswith(MAPPED) else address


def unmap_network(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    """Return the IPv4 network of an IPv4-mapped one; any other as it is."""
    address = getattr(network.network_address, "ipv4_mapped", None)
    if address is None or network.prefixlen < MAPPED_BITS:
        return network
    return IPv4Network((address, network.prefixlen - MAPPED_BITS))


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
