"""File names of the client are only displayed."""

from uuid import uuid4

import pytest
from httpx2 import AsyncClient

from app.core.http import attachment
from app.storage.validation import display_name, file_id_of, key_of
from tests.uploads.factories import FILES, FORM, TAIL
from tests.uploads.fixtures import Stored

NAMES = [
    ("../../../etc/cron.d/tea.txt", "tea.txt"),
    ("/etc/tea.txt", "tea.txt"),
    ("C:\\Windows\\tea.txt", "tea.txt"),
    ("..\\..\\tea.txt", "tea.txt"),
    ("%2e%2e%2ftea.txt", "%2e%2e%2ftea.txt"),
    ("tea\x00.png.txt", "tea.png.txt"),
    ("\u202egnp.\u202ctea.txt", "gnp.tea.txt"),
    ("te\u200ba\ufeff.txt", "tea.txt"),
    (" . tea.txt . ", "tea.txt"),
    ("cafe\u0301.txt", "café.txt"),
    ("茶 ☕.txt", "茶 ☕.txt"),
    ("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
    ("क्\u200dष.txt", "क्\u200dष.txt"),
    ("👩\u200d💻 ❤\ufe0f\u200d🔥.txt", "👩\u200d💻 ❤\ufe0f\u200d🔥.txt"),
    ("t\u200dea\u200c.t\u200dxt", "tea.txt"),
    ("茶\u200d\u200d\u200d茶\u200d.txt", "茶茶.txt"),
    ("a" * 300 + ".txt", "a" * 146 + ".txt"),
    ("茶" * 300 + ".txt", "茶" * 146 + ".txt"),
]


@pytest.mark.parametrize(("sent", "shown"), [*NAMES, ("..", ""), ("a/", ""), ("\x00", "")])
def test_a_name_is_sanitized(sent: str, shown: str) -> None:
    assert display_name(sent) == shown


@pytest.mark.parametrize(("sent", "shown"), NAMES)
async def test_no_name_writes_outside_of_the_storage(
    user_client: AsyncClient, stored: Stored, sent: str, shown: str
) -> None:
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{sent}"\r\n\r\n'
    around = {*stored.root.parent.iterdir(), stored.root}

    response = await user_client.post(FILES, content=head.encode() + b"tea" + TAIL, headers=FORM)

    if response.status_code == 201:
        file = response.json()
        assert file["filename"] == shown
        assert stored.paths() == [stored.root / "files" / file["id"]]
    else:  # the form itself is malformed
        assert ("\x00" in sent, response.status_code) == (True, 400)
    assert set(stored.root.parent.iterdir()) == around


async def test_a_latin_1_name_is_decoded(user_client: AsyncClient) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="caf\xe9.txt"\r\n\r\n'

    response = await user_client.post(FILES, content=head + b"tea" + TAIL, headers=FORM)

    assert response.json()["filename"] == "café.txt"


@pytest.mark.parametrize(
    ("filename", "header"),
    [
        ("tea.txt", 'attachment; filename="tea.txt"'),
        ('a"b;\\.txt', "attachment; filename=\"a_b__.txt\"; filename*=UTF-8''a%22b%3B%5C.txt"),
        ("茶.txt", "attachment; filename=\"_.txt\"; filename*=UTF-8''%E8%8C%B6.txt"),
    ],
)
def test_a_name_is_quoted_in_the_header(filename: str, header: str) -> None:
    assert attachment(filename) == header


def test_only_our_keys_belong_to_files() -> None:
    file_id = uuid4()

    assert file_id_of(key_of(file_id)) == file_id
    for foreign in ("files/readme", f"files/{file_id}.bak", f"files/{file_id.hex}", "x"):
        assert file_id_of(foreign) is None
