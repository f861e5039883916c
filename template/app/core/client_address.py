"""Whose request it is, when proxies stand between."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address

Networks = Sequence[IPv4Network | IPv6Network]


def client_address(peer: str, forwarded_for: str, trusted: Networks) -> str:
    """Walk `X-Forwarded-For` from the right, past the proxies we trust.

    The left end is what the client chose to send, so the first address that is not a trusted
    proxy is the last one that somebody we trust has seen.
    """
    address = peer
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    while hops and is_trusted(address, trusted):
        hop = hops.pop()
        if not is_address(hop):
            break
        address = hop
    return address


def is_trusted(address: str, trusted: Networks) -> bool:
    """Whether `address` is a proxy of ours."""
    return is_address(address) and any(ip_address(address) in network for network in trusted)


def is_address(text: str) -> bool:
    """Whether `text` is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
