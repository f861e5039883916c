"""Whose request it is, when proxies stand between."""

from ipaddress import ip_network

import pytest

from app.core.client_address import client_address

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("fd00::/8"), ip_network("192.0.2.1")]


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "expected"),
    [
        ("203.0.113.7", "", "203.0.113.7"),
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.9.9.9, 192.0.2.1", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, unknown, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", " , 198.51.100.1 ,", "198.51.100.1"),
        ("10.0.0.1", "<script>", "10.0.0.1"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7, fd00::1", "2001:db8::7"),
        ("192.0.2.2", "198.51.100.1", "192.0.2.2"),
        ("unix:", "198.51.100.1", "unix:"),
    ],
)
def test_the_right_most_address_that_is_no_proxy_of_ours_is_the_clients(
    peer: str, forwarded_for: str, expected: str
) -> None:
    assert client_address(peer, forwarded_for, TRUSTED) == expected


def test_nobody_is_trusted_by_default() -> None:
    assert client_address("127.0.0.1", "198.51.100.1", []) == "127.0.0.1"
