"""The order of the tests, and which process gets the next."""

import pytest

from tests.conftest import spread


@pytest.mark.parametrize(
    ("long", "short", "expected"),
    [
        ("AB", "abcd", "AabBcd"),
        ("AB", "abcde", "aAbcBde"),
        ("AB", "a", "aAB"),
        ("", "abc", "abc"),
        ("AB", "", "AB"),
    ],
)
def test_short_tests_are_between_the_long_ones(long: str, short: str, expected: str) -> None:
    assert "".join(spread(list(long), list(short))) == expected
