"""The client's address of a request that came through proxies."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Networks = Sequence[IPv4Network | IPv6Network]

# Some gateways add the client's port: `203.0.113.7:51234`, `[2001:db8::7]:443`.
WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::\d{1,5})?|([^:]+):\d{1,5}")
# How IPv4 peers look on a socket that serves both families (RFC 4291 §2.5.5.2).
MAPPED = "::ffff:"
MAPPED_BITS = 96


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
