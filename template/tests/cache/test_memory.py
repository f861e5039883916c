"""The cache without Redis: in memory, if there is one process only."""

from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.cache import stores
from app.cache.stores import MemoryStore
from tests.blueprint.factories import SPECIMENS
from tests.blueprint.rows import add_specimen
from tests.conftest import MakeClient
from tests.processes import serving


async def test_without_redis_the_cache_is_in_memory(
    make_client: MakeClient, session: AsyncSession
) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session)).id}"
    client = await make_client(REDIS_URL="")

    first, second = await client.get(url), await client.get(url)
    await client.patch(url, json={"stock": 100})
    third = await client.get(url)

    assert [r.headers["x-cache"] for r in (first, second, third)] == ["MISS", "HIT", "MISS"]
    assert [r.json()["stock"] for r in (first, second, third)] == [5, 5, 100]


async def test_several_processes_without_redis_have_no_cache(
    make_client: MakeClient, session: AsyncSession, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"{SPECIMENS}/{(await add_specimen(session)).id}"
    client = await make_client(REDIS_URL="", WEB_CONCURRENCY="2")

    responses = [await client.get(url) for _ in range(2)]

    assert not any("x-cache" in r.headers for r in responses)
    assert capsys.readouterr().out.count("cache_off") == 1


@pytest.mark.process
@pytest.mark.parametrize(("processes", "off"), [("1", False), ("2", True)])
def test_the_cache_is_off_if_the_server_runs_several_processes(
    processes: str, off: bool, tmp_path: Path
) -> None:
    with serving(tmp_path, REDIS_URL="", WEB_CONCURRENCY=processes) as service:
        assert ("cache_off" in service.output.read_text()) is off


async def test_the_least_recently_used_entries_make_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stores, "MAX_ENTRIES", 2)
    store = MemoryStore()

    for key in ("a", "b", "a", "c"):
        await store.get_or_lease(key, f"lease of {key}")

    assert await store.get_or_lease("a", "new") == "lease of a"
    assert await store.get_or_lease("b", "new") == "new"
