"""The text of API keys."""

import re
from uuid import UUID
from zlib import crc32

import pytest

from app.core.config import PROJECT
from app.services.api_key import key_id, key_prefix, new_key

ID = UUID(int=7)
KEY = new_key(key_prefix(ID))


def test_a_key_is_the_services_name_an_id_256_random_bits_and_a_checksum() -> None:
    form = rf"{re.escape(PROJECT.name)}_{ID.hex}_([0-9a-f]{{64}})([0-9a-f]{{8}})"

    found = re.fullmatch(form, KEY)

    assert found
    assert int(found[2], 16) == crc32(KEY[:-8].encode())
    assert len({new_key(key_prefix(ID)) for _ in range(100)}) == 100


def test_a_key_contains_its_id() -> None:
    assert key_id(KEY) == ID


def test_a_key_of_before_the_service_was_renamed_is_one() -> None:
    assert key_id(new_key(f"old.name_{ID.hex}")) == ID


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b.c",
        key_prefix(ID),
        KEY[:-1],
        f"{KEY}0",
        f"{KEY}\n",
        KEY.upper(),
        KEY[:-8] + "00000000",
        KEY.replace("_", "-"),
        f"é{KEY[1:]}",
        f"{KEY[:-9]}{'0' if KEY[-9] != '0' else '1'}{KEY[-8:]}",
    ],
    # The secret is random, and processes that run tests in parallel compare the ids.
    ids=range(11),
)
def test_other_text_is_no_key(text: str) -> None:
    assert key_id(text) is None
