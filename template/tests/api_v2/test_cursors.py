"""Cursors: opaque, and worth nothing once they are changed."""

import secrets
import string
from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.core.cursor import Cursors, InvalidCursorError
from app.core.settings import SettingsError
from tests.api_v2.walking import ITEMS
from tests.conftest import MakeApp, MakeClient
from tests.factories import make_item
from tests.problems import assert_problem

ALPHABET = string.ascii_letters + string.digits + "-_"


async def first_cursor(client: AsyncClient, session: AsyncSession) -> str:
    """The cursor behind the newer of two items."""
    for _ in range(2):
        await make_item(session)
    return (await client.get(ITEMS, params={"size": 1})).json()["next_cursor"]


@pytest.mark.parametrize(
    "cursor",
    ["x", "0", "a" * 43, "a" * 44, "ä" * 43, "é", "\x00", "null", "../" * 9, "%", "a" * 5000],
)
async def test_what_is_no_cursor_is_refused(client: AsyncClient, cursor: str) -> None:
    response = await client.get(ITEMS, params={"cursor": cursor})

    assert_problem(response, 400, "bad_request")


async def test_bytes_that_are_no_text_do_no_harm(client: AsyncClient) -> None:
    assert_problem(await client.get(f"{ITEMS}?cursor=%ED%A0%80"), 400, "bad_request")


def test_a_cursor_with_any_character_changed_is_refused() -> None:
    cursors = Cursors(["a key"])
    cursor = cursors.make("items", uuid7())

    for place in range(len(cursor)):
        for letter in set(ALPHABET) - {cursor[place]}:
            with pytest.raises(InvalidCursorError):
                cursors.read("items", cursor[:place] + letter + cursor[place + 1 :])


@pytest.mark.parametrize("form", ["{}=", "{}\n", " {}", "{}A", "{}{}"])
async def test_a_cursor_has_one_form(client: AsyncClient, session: AsyncSession, form: str) -> None:
    cursor = form.replace("{}", await first_cursor(client, session))

    assert_problem(await client.get(ITEMS, params={"cursor": cursor}), 400, "bad_request")


def test_a_cursor_that_we_have_not_signed_is_refused() -> None:
    item = uuid7()
    forged = urlsafe_b64encode(item.bytes + secrets.token_bytes(16)).decode().rstrip("=")

    for cursor in (forged, Cursors(["another"]).make("items", item)):
        with pytest.raises(InvalidCursorError):
            Cursors(["a key"]).read("items", cursor)


def test_a_cursor_of_another_list_is_refused() -> None:
    cursors = Cursors(["a key"])

    with pytest.raises(InvalidCursorError):
        cursors.read("items", cursors.make("orders", uuid7()))


def test_the_key_itself_signs_nothing() -> None:
    [key] = Cursors(["a key"]).keys

    assert key != b"a key"


async def test_other_processes_believe_a_cursor(
    client: AsyncClient, session: AsyncSession, make_client: MakeClient
) -> None:
    cursor = await first_cursor(client, session)
    other = await make_client()

    assert (await other.get(ITEMS, params={"cursor": cursor})).status_code == 200


async def test_a_cursor_outlives_a_new_key_while_the_old_one_is_a_fallback() -> None:
    item = uuid7()
    cursor = Cursors(["old"]).make("items", item)

    both = Cursors(["new", "old"])

    assert both.read("items", cursor) == item
    assert both.make("items", item) == Cursors(["new"]).make("items", item)


@pytest.mark.parametrize("key", ["", "too short"])
async def test_a_key_is_required_outside_development(make_app: MakeApp, key: str) -> None:
    with pytest.raises(SettingsError, match="SECRET_KEY: "):
        await make_app(ENVIRONMENT="production", SECRET_KEY=key)


async def test_the_keys_are_those_of_the_settings(make_app: MakeApp) -> None:
    keys = [secrets.token_hex(32), secrets.token_hex(32)]
    app = await make_app(SECRET_KEY=keys[0], SECRET_KEY_FALLBACKS=keys[1])

    assert app.state.cursors.keys == Cursors(keys).keys


def test_a_cursor_is_short_and_needs_no_escaping() -> None:
    cursor = Cursors(["a key"]).make("items", uuid7())

    assert set(cursor) <= set(ALPHABET)
    assert len(urlsafe_b64decode(f"{cursor}=")) == 32
