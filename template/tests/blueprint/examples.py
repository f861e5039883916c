"""Valid requests of the operations on specimens."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.blueprint.factories import make_specimen, new_specimen_body
from tests.examples import Call, Example


async def nothing(_: AsyncClient, __: AsyncSession) -> Call:
    """A request that needs neither a body nor a row."""
    return Call()


async def new_specimen(client: AsyncClient, _: AsyncSession) -> Call:
    """A specimen that does not exist yet."""
    return Call(json=await new_specimen_body(client))


async def existing_specimen(client: AsyncClient, _: AsyncSession) -> Call:
    """A specimen that no row refers to."""
    return Call(path={"specimen_id": (await make_specimen(client))["id"]})


async def changed_specimen(client: AsyncClient, _: AsyncSession) -> Call:
    """New values for a specimen."""
    specimen = await make_specimen(client)
    return Call(path={"specimen_id": specimen["id"]}, json=await new_specimen_body(client))


EXAMPLES: dict[str, Example] = {
    "list_specimens": nothing,
    "create_specimen": new_specimen,
    "get_specimen": existing_specimen,
    "update_specimen": changed_specimen,
    "delete_specimen": existing_specimen,
}
