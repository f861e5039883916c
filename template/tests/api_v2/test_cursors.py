"""Cursors: opaque, and refused once they are changed."""

import string
from base64 import urlsafe_b64decode

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.schemas.cursor import InvalidCursorError, decode, encode
from tests.api_v2.cursor_pages import ITEMS
from tests.conftest import MakeClient
from tests.factories import make_item
from tests.problems import assert_problem

ALPHABET = string.ascii_letters + string.digits + "-_"


async def first_cursor(client: AsyncClient, session: AsyncSession) -> str:
    """Return the cursor after the newer of two items."""
    for _ in range(2):
        await make_item(session)
    return (await client.get(ITEMS, params={"size": 1})).json()["next_cursor"]


@pytest.mark.parametrize(
    "cursor",
    [
        *("x", "0", "a" * 26, "a" * 27, "a" * 28, "a" * 43, "ä" * 27, "é", "\x00", "null"),
        *("../" * 9, "%", "=", "====", "a" * 5000),
    ],
)
async def test_text_that_is_not_a_cursor_is_refused(client: AsyncClient, cursor: str) -> None:
    response = await client.get(ITEMS, params={"cursor": cursor})

    assert_problem(response, 400, "bad_request")


async def test_bytes_that_are_not_text_are_refused(client: AsyncClient) -> None:
    assert_problem(await client.get(f"{ITEMS}?cursor=%ED%A0%80"), 400, "bad_request")


def test_a_cursor_with_any_character_changed_is_refused() -> None:
    cursor = encode("items", uuid7())

    for place in range(len(cursor)):
        for letter in set(ALPHABET) - {cursor[place]}:
            with pytest.raises(InvalidCursorError):
                decode("items", cursor[:place] + letter + cursor[place + 1 :])


@pytest.mark.parametrize("form", ["{}=", "{}\n", " {}", "{}A", "{}{}"])
async def test_a_cursor_has_one_spelling(
    client: AsyncClient, session: AsyncSession, form: str
) -> None:
    cursor = form.replace("{}", await first_cursor(client, session))

    assert_problem(await client.get(ITEMS, params={"cursor": cursor}), 400, "bad_request")


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidCursorError):
        decode("items", encode("orders", uuid7()))


async def test_a_cursor_works_in_other_processes(
    client: AsyncClient, session: AsyncSession, make_client: MakeClient
) -> None:
    cursor = await first_cursor(client, session)
    other = await make_client()

    assert (await other.get(ITEMS, params={"cursor": cursor})).status_code == 200


def test_a_cursor_is_short_and_needs_no_escaping() -> None:
    cursor = encode("items", uuid7())

    assert set(cursor) <= set(ALPHABET)
    assert len(urlsafe_b64decode(f"{cursor}=")) == 20
