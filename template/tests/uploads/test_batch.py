"""POST /api/v1/files/batch: all or nothing."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.problems import assert_problem
from tests.uploads.factories import FILES, LIMIT, PNG, part
from tests.uploads.fixtures import Stored

BATCH = f"{FILES}/batch"


def parts(*contents: bytes) -> list[Any]:
    """Text files."""
    return [part(f"{number}.txt", text, "files") for number, text in enumerate(contents)]


@pytest.mark.parametrize("count", [1, 10])
async def test_up_to_ten_files_are_stored_in_order(
    user_client: AsyncClient, stored: Stored, count: int
) -> None:
    response = await user_client.post(BATCH, files=parts(*[b"tea"] * count))

    files = response.json()
    assert response.status_code == 201
    assert [file["filename"] for file in files] == [f"{number}.txt" for number in range(count)]
    assert (await user_client.get(FILES)).json()["total"] == count == len(stored.paths())


@pytest.mark.parametrize(
    ("files", "status", "code"),
    [
        ([], 422, "validation_error"),
        (parts(*[b"tea"] * 11), 422, "validation_error"),
        ([*parts(b"tea"), part("a.png", b"<html>", "files")], 415, "unsupported_media_type"),
        (parts(b"tea", b"a" * (LIMIT + 1)), 413, "payload_too_large"),
        ([*parts(b"tea"), part("a.png", PNG, "file")], 422, "validation_error"),
    ],
    ids=["none", "eleven", "wrong type", "too large", "wrong part"],
)
async def test_one_refused_file_refuses_the_batch(
    user_client: AsyncClient, stored: Stored, files: Any, status: int, code: str
) -> None:
    assert_problem(await user_client.post(BATCH, files=files), status, code)

    assert stored.paths() == []
    assert (await user_client.get(FILES)).json()["total"] == 0


async def test_each_file_may_be_as_large_as_a_single_one(user_client: AsyncClient) -> None:
    response = await user_client.post(BATCH, files=parts(b"a" * LIMIT, b"b" * LIMIT))

    assert [file["size"] for file in response.json()] == [LIMIT, LIMIT]
