"""Entity tags: reading what has changed, and changing what has not (RFC 9110 §13)."""

import asyncio
from collections import Counter

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.item import Item
from tests.factories import make_item
from tests.problems import assert_problem

ITEMS = "/api/v1/items"
PARALLEL = 12


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"7", "1"', "*"])
async def test_a_current_copy_is_not_sent_again(
    client: AsyncClient, session: AsyncSession, tag: str
) -> None:
    item = await make_item(session)

    response = await client.get(f"{ITEMS}/{item.id}", headers={"If-None-Match": tag})

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == '"1"'


@pytest.mark.parametrize("tag", ['"2"', "1", "nonsense"])
async def test_an_old_copy_is_replaced(
    client: AsyncClient, session: AsyncSession, tag: str
) -> None:
    item = await make_item(session)

    response = await client.get(f"{ITEMS}/{item.id}", headers={"If-None-Match": tag})

    assert response.json()["id"] == str(item.id)


@pytest.mark.parametrize("tag", ['"1"', '"7", "1"', "*"])
async def test_a_change_to_the_version_seen_is_made(
    client: AsyncClient, session: AsyncSession, tag: str
) -> None:
    item = await make_item(session)

    changed = await client.patch(f"{ITEMS}/{item.id}", json={"stock": 9}, headers={"If-Match": tag})

    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("tag", ['"2"', 'W/"1"', "1", '""'])
async def test_a_change_to_another_version_is_refused(
    client: AsyncClient, session: AsyncSession, method: str, tag: str
) -> None:
    item = await make_item(session)
    url = f"{ITEMS}/{item.id}"

    response = await client.request(method, url, json={"stock": 9}, headers={"If-Match": tag})

    assert_problem(response, 412, "precondition_failed")
    assert (await client.get(url)).json()["stock"] == 5


async def test_of_parallel_changes_to_one_version_exactly_one_is_made(
    client: AsyncClient, session: AsyncSession
) -> None:
    url = f"{ITEMS}/{(await make_item(session)).id}"

    responses = await asyncio.gather(
        *(
            client.patch(url, json={"stock": 100 + n}, headers={"If-Match": '"1"'})
            for n in range(PARALLEL)
        )
    )

    assert Counter(r.status_code for r in responses) == {200: 1, 412: PARALLEL - 1}
    winner = next(r for r in responses if r.status_code == 200)
    assert (await client.get(url)).json() == winner.json()


async def test_parallel_changes_without_a_tag_are_all_made(
    client: AsyncClient, session: AsyncSession
) -> None:
    url = f"{ITEMS}/{(await make_item(session)).id}"

    responses = await asyncio.gather(
        *(client.patch(url, json={"stock": 100 + n}) for n in range(PARALLEL))
    )

    assert {r.status_code for r in responses} == {200}
    assert (await client.get(url)).json()["version"] == 1 + PARALLEL


async def test_of_parallel_items_with_one_name_exactly_one_is_created(
    client: AsyncClient, session: AsyncSession
) -> None:
    teapot = {"name": "Teapot", "price": "24.90"}

    responses = await asyncio.gather(*(client.post(ITEMS, json=teapot) for _ in range(PARALLEL)))

    assert Counter(r.status_code for r in responses) == {201: 1, 409: PARALLEL - 1}
    assert await session.scalar(select(func.count()).select_from(Item)) == 1
