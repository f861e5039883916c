"""Example requests of the operations on API keys."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.api_keys.factories import KEYS
from tests.examples import Call, Example


async def nothing(_: AsyncClient, __: AsyncSession) -> Call:
    """A request that needs neither a body nor a row."""
    return Call()


async def new_key(_: AsyncClient, __: AsyncSession) -> Call:
    """A new key."""
    return Call(json={"name": "nightly report", "expires_in_days": 30})


async def own_key(client: AsyncClient, _: AsyncSession) -> Call:
    """A key of the caller."""
    created = await client.post(KEYS, json={"name": "nightly report"})
    return Call(path={"key_id": created.json()["id"]})


EXAMPLES: dict[str, Example] = {
    "list_api_keys": nothing,
    "create_api_key": new_key,
    "delete_api_key": own_key,
}
