"""Example requests of the operations on files."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.examples import Call, Example
from tests.uploads.factories import part, upload


async def nothing(_: AsyncClient, __: AsyncSession) -> Call:
    """A request that needs neither a body nor a row."""
    return Call()


async def new_file(_: AsyncClient, __: AsyncSession) -> Call:
    """One file."""
    return Call(files=[part()])


async def new_files(_: AsyncClient, __: AsyncSession) -> Call:
    """Two files."""
    return Call(files=[part(field="files"), part("b.txt", field="files")])


async def existing_file(client: AsyncClient, _: AsyncSession) -> Call:
    """A file of the caller's."""
    return Call(path={"file_id": (await upload(client))["id"]})


EXAMPLES: dict[str, Example] = {
    "list_files": nothing,
    "upload_file": new_file,
    "upload_files": new_files,
    "get_file": existing_file,
    "get_file_content": existing_file,
    "delete_file": existing_file,
}
