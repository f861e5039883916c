"""Listing and deleting files, and access to them."""

import asyncio
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.models.user import User
from tests.auth.factories import make_user
from tests.auth.fixtures import ClientOf
from tests.problems import assert_problem
from tests.transactions import failing_commits
from tests.uploads.factories import FILES, PNG, upload
from tests.uploads.fixtures import Stored


async def names(client: AsyncClient, **query: str) -> list[str]:
    response = await client.get(FILES, params=query)
    assert response.status_code == 200, response.text
    return [file["filename"] for file in response.json()["items"]]


async def test_files_are_listed_in_pages_newest_first(user_client: AsyncClient) -> None:
    files = [await upload(user_client, f"{number}.txt") for number in range(3)]

    response = await user_client.get(FILES, params={"size": 2})

    page = response.json()
    assert page.pop("items") == [files[2], files[1]]
    assert page == {"total": 3, "page": 1, "size": 2, "pages": 2, "has_next": True}
    assert response.headers["cache-control"] == "no-store"


async def test_files_are_sorted_and_found_by_name(user_client: AsyncClient) -> None:
    await upload(user_client, "b_1%.txt", b"tea")
    await upload(user_client, "a.png", PNG)

    assert await names(user_client, sort="filename") == ["a.png", "b_1%.txt"]
    assert await names(user_client, sort="name") == ["a.png", "b_1%.txt"]
    assert await names(user_client, sort="-name") == ["b_1%.txt", "a.png"]
    assert await names(user_client, sort="-size") == ["a.png", "b_1%.txt"]
    assert await names(user_client, sort="created_at") == ["b_1%.txt", "a.png"]
    assert await names(user_client, q="B_1%") == ["b_1%.txt"]
    assert await names(user_client, q="b%t") == []


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("GET", "/content"), ("DELETE", "")])
async def test_only_the_owner_sees_a_file(
    user_client: AsyncClient,
    client: AsyncClient,
    client_of: ClientOf,
    session: AsyncSession,
    method: str,
    path: str,
) -> None:
    file = await upload(user_client)
    others = [client, await client_of(await make_user(session))]

    for other in others:
        response = await other.request(method, f"{FILES}/{file['id']}{path}")
        assert_problem(response, 404, "not_found")
        assert await names(other) == []
    unknown = await user_client.request(method, f"{FILES}/{uuid4()}{path}")
    assert_problem(unknown, 404, "not_found")
    assert await names(user_client) == ["a.txt"]


async def test_a_file_is_deleted_with_its_bytes(user_client: AsyncClient, stored: Stored) -> None:
    file = await upload(user_client)
    path = f"{FILES}/{file['id']}"

    deleted = await user_client.delete(path)

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert stored.paths() == []
    assert_problem(await user_client.get(path), 404, "not_found")
    assert_problem(await user_client.delete(path), 404, "not_found")


async def test_a_file_is_deleted_once(user_client: AsyncClient) -> None:
    path = f"{FILES}/{(await upload(user_client))['id']}"

    responses = await asyncio.gather(*(user_client.delete(path) for _ in range(4)))

    assert sorted(response.status_code for response in responses) == [204, 404, 404, 404]


async def test_a_failed_commit_of_a_delete_keeps_the_bytes(
    user_client: AsyncClient, database: Database
) -> None:
    path = f"{FILES}/{(await upload(user_client))['id']}"

    with failing_commits(database.engine):
        assert (await user_client.delete(path)).status_code >= 500

    assert (await user_client.get(f"{path}/content")).content == b"tea\n"


async def test_a_file_without_bytes_can_be_deleted(
    user_client: AsyncClient, stored: Stored
) -> None:
    file = await upload(user_client)
    stored.paths()[0].unlink()
    path = f"{FILES}/{file['id']}"

    assert_problem(await user_client.get(f"{path}/content"), 404, "not_found")
    assert (await user_client.delete(path)).status_code == 204


async def test_deleting_an_account_deletes_its_files(
    user_client: AsyncClient, client: AsyncClient, app: FastAPI, user: User
) -> None:
    await upload(user_client)

    assert (await client.delete(f"/api/v1/users/{user.id}")).status_code == 204
