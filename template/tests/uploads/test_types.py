"""Validation of file types by extension and content."""

import pytest
from httpx2 import AsyncClient

from app.core.settings import SettingsError
from app.storage.settings import StorageSettings
from app.storage.validation import FILE_TYPES, UnsupportedTypeError, UploadValidator
from tests.problems import assert_problem
from tests.uploads.factories import FILES, PNG, part
from tests.uploads.fixtures import Stored

GOOD = [
    ("a.png", PNG, "image/png"),
    ("a.JPEG", b"\xff\xd8\xff\xe0 JFIF", "image/jpeg"),
    ("a.jpg", b"\xff\xd8\xff\xe0 JFIF", "image/jpeg"),
    ("a.jfif", b"\xff\xd8\xff\xe0 JFIF", "image/jpeg"),
    ("a.gif", b"GIF89a...", "image/gif"),
    ("a.webp", b"RIFF\n\x00\x00\x00WEBPVP8 ", "image/webp"),
    ("a.pdf", b"%PDF-1.7\n\x00", "application/pdf"),
    ("a.zip", b"PK\x03\x04...", "application/zip"),
    ("a.docx", b"PK\x03\x04...", next(name for name in FILE_TYPES if "word" in name)),
    ("a.mp4", b"\x00\x00\x00\x18ftypisom", "video/mp4"),
    ("a.csv", b"name,price\r\nTea,1\r\n", "text/csv"),
    ("a.csv", b"<none>,1\r\n", "text/csv"),
    ("a.csv", b"<tea@shop.example>;<5\r\n", "text/csv"),
    ("a.json", b'{"tea": 1}', "application/json"),
    ("a.txt", "Früchtetee ☕\n".encode(), "text/plain"),
    ("a.txt", b"\xef\xbb\xbftea < coffee <3", "text/plain"),
    ("a.txt", b"", "text/plain"),
]
BAD = [
    ("a.png", b"<!DOCTYPE html><script>alert(1)</script>"),
    ("a.png", b"\x89PN"),
    ("a.png", b""),
    ("a.png", b"\xff\xd8\xff\xe0 JFIF"),
    ("a.html", b"<html>"),
    ("a.svg", b"<svg/>"),
    ("a", b"tea"),
    ("png", PNG),
    ("a.txt.exe", b"tea"),
    ("a.txt", b" \n<HTML>"),
    ("a.txt", b"\xef\xbb\xbf<script>"),
    ("a.csv", b"<?xml version='1.0'?>"),
    ("a.csv", b"<!-- -->"),
    ("a.csv", b"<svg onload=x>,1"),
    ("a.csv", b"<A\nhref=x>,1"),
    ("a.txt", b"%PDF-1.7"),
    ("a.txt", PNG),
    ("a.txt", b"tea\x00"),
    ("a.txt", b"caf\xe9"),
    ("a.txt", b"caf\xc3"),
    ("a.txt", b"a" * 300_000 + b"\xff"),
]


def validate(name: str, content: bytes) -> str:
    validator = UploadValidator(name, FILE_TYPES, max_bytes=1_000_000)
    for start in range(0, len(content), 262_144):
        validator.feed(content[start : start + 262_144])
    validator.finish()
    return validator.content_type


@pytest.mark.parametrize(("name", "content", "content_type"), GOOD)
def test_the_type_is_detected_by_extension_and_content(
    name: str, content: bytes, content_type: str
) -> None:
    assert validate(name, content) == content_type


@pytest.mark.parametrize(("name", "content"), BAD)
def test_a_mismatch_of_extension_and_content_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(UnsupportedTypeError):
        validate(name, content)


def test_a_character_may_be_split_across_blocks() -> None:
    assert validate("a.txt", b"a" * 262_143 + "é".encode()) == "text/plain"


@pytest.mark.parametrize(("name", "content"), BAD)
async def test_a_refused_file_leaves_nothing(
    user_client: AsyncClient, stored: Stored, name: str, content: bytes
) -> None:
    response = await user_client.post(FILES, files=[part(name, content)])

    assert_problem(response, 415, "unsupported_media_type")
    assert stored.paths() == []


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "cp1251"])
async def test_text_in_another_encoding_is_refused_with_a_hint(
    user_client: AsyncClient, encoding: str
) -> None:
    text = "Имя;цена" if encoding == "cp1251" else "Früchtetee;1,50 €\r\n"

    response = await user_client.post(FILES, files=[part("a.csv", text.encode(encoding))])

    assert "UTF-8" in assert_problem(response, 415, "unsupported_media_type")["detail"]


async def test_the_content_type_of_the_client_is_ignored(user_client: AsyncClient) -> None:
    response = await user_client.post(FILES, files={"file": ("a.png", PNG, "text/html")})

    assert response.json()["content_type"] == "image/png"


def test_the_types_can_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPLOAD_ALLOWED_TYPES", "image/png, application/zip")

    assert StorageSettings.load().upload_allowed_types == ["image/png", "application/zip"]


@pytest.mark.parametrize("types", ["text/html", "image/png,image/svg+xml", "[]", "png"])
def test_a_type_that_cannot_be_detected_is_refused(
    monkeypatch: pytest.MonkeyPatch, types: str
) -> None:
    monkeypatch.setenv("UPLOAD_ALLOWED_TYPES", types)

    with pytest.raises(SettingsError, match=r"^UPLOAD_ALLOWED_TYPES: must be some of "):
        StorageSettings.load()
