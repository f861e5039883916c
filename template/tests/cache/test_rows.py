"""Single rows through the cache."""

import json

import pytest
from httpx2 import AsyncClient
from redis import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import PROJECT
from tests.blueprint.factories import SPECIMENS
from tests.blueprint.rows import add_specimen
from tests.conftest import MakeClient
from tests.problems import assert_problem


async def test_a_row_is_loaded_once_and_reads_the_same_from_the_cache(
    client: AsyncClient, session: AsyncSession
) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session, description='Round')).id}"

    first, second = await client.get(url), await client.get(url)

    assert [r.headers["x-cache"] for r in (first, second)] == ["MISS", "HIT"]
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"] == '"1"'


@pytest.mark.parametrize("state", ["MISS", "HIT"])
async def test_a_current_copy_is_not_sent_again_whether_cached_or_not(
    client: AsyncClient, session: AsyncSession, state: str
) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session)).id}"
    if state == "HIT":
        await client.get(url)

    response = await client.get(url, headers={"If-None-Match": '"1"'})

    assert (response.status_code, response.content) == (304, b"")
    assert (response.headers["x-cache"], response.headers["etag"]) == (state, '"1"')


async def test_a_deleted_row_is_not_found(client: AsyncClient, session: AsyncSession) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session)).id}"
    await client.get(url)

    await client.delete(url)

    assert_problem(await client.get(url), 404, "not_found")


async def test_that_a_row_is_missing_is_not_kept(
    client: AsyncClient, session: AsyncSession
) -> None:
    specimen = await add_specimen(session)
    await session.delete(specimen)
    await session.commit()
    missing = await client.get(f"{SPECIMENS}/{specimen.id}")

    await add_specimen(session, id=specimen.id)

    assert_problem(missing, 404, "not_found")
    assert (await client.get(f"{SPECIMENS}/{specimen.id}")).status_code == 200


async def test_a_cached_row_is_not_returned_without_access(
    client: AsyncClient,
    anonymous: AsyncClient,
    session: AsyncSession,
    public_operations: set[str],
) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session)).id}"
    await client.get(url)

    response = await anonymous.get(url)

    assert response.status_code == (200 if "get_specimen" in public_operations else 401)


async def test_entries_are_json_and_expire(
    make_client: MakeClient, session: AsyncSession, redis_client: Redis
) -> None:
    specimen = await add_specimen(session)
    client = await make_client(CACHE_TTL_SECONDS="100")
    await client.get(f"{SPECIMENS}/{specimen.id}")

    key = f"{PROJECT.name}:cache:v1:specimen:{specimen.id}"

    assert json.loads(str(redis_client.get(key)))["value"]["name"] == specimen.name
    assert 70 < int(str(redis_client.ttl(key))) <= 100


async def test_a_disabled_cache_sends_no_x_cache(
    make_client: MakeClient, session: AsyncSession
) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session)).id}"
    client = await make_client(CACHE_ENABLED="false")

    responses = [await client.get(url) for _ in range(2)]

    assert all(r.status_code == 200 and "x-cache" not in r.headers for r in responses)


async def test_an_entry_of_another_schema_is_a_miss(
    client: AsyncClient, session: AsyncSession, redis_client: Redis
) -> None:
    specimen = await add_specimen(session)
    key = f"{PROJECT.name}:cache:v1:specimen:{specimen.id}"
    redis_client.set(key, '{"schema":"0123456789ab","value":{"colour":"red"}}')

    response = await client.get(f"{SPECIMENS}/{specimen.id}")

    assert response.json()["name"] == specimen.name
    assert response.headers["x-cache"] == "MISS"


async def test_an_invalid_entry_is_a_miss(
    client: AsyncClient, session: AsyncSession, redis_client: Redis
) -> None:
    specimen = await add_specimen(session)
    await client.get(f"{SPECIMENS}/{specimen.id}")
    key = f"{PROJECT.name}:cache:v1:specimen:{specimen.id}"
    redis_client.set(key, str(redis_client.get(key)).replace('"stock":5', '"stock":"x"'))

    response = await client.get(f"{SPECIMENS}/{specimen.id}")

    assert (response.json()["stock"], response.headers["x-cache"]) == (5, "MISS")
