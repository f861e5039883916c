"""What limits count by, where they count by address."""

from app.core.client_address import parse_address

# Who holds a network of IPv6 has as many addresses as they like: count the network (RFC 6177).
NETWORK_BITS = 64


def rate_limit_key(address: str) -> str:
    """Return what limits count by: the network of an IPv6 address, any other as it is."""
    found = parse_address(address)
    if found is None or found.version == 4:
        return str(found or address)
    return f"{int(found) >> (128 - NETWORK_BITS):x}::/{NETWORK_BITS}"
