"""What limits count by, where they count by address."""

import pytest

from app.limiter.address import rate_limit_key


@pytest.mark.parametrize(
    ("one", "other", "together"),
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
def test_limits_count_networks_of_ipv6(one: str, other: str, together: bool) -> None:
    assert (rate_limit_key(one) == rate_limit_key(other)) is together
