"""The keys of rate limits by address."""

import pytest

from app.rate_limit.limiter import client_key


@pytest.mark.parametrize(
    ("one", "other", "same_key"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:0:ffff::", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("192.0.2.1", "192.0.2.2", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("unknown", "unix:", False),
    ],
)
def test_an_ipv6_network_has_one_key(one: str, other: str, same_key: bool) -> None:
    assert (client_key(one) == client_key(other)) is same_key
