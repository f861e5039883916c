"""A valid request for each operation, from the modules `tests.*.examples`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, TypeAlias

from httpx2 import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncSession

from tests.routes import Operation


@dataclass(frozen=True, slots=True)
class Call:
    """What a request consists of. `path` fills in the path's parameters.

    `later`: the work begins after the answer, which therefore promises nothing.
    """

    path: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None
    files: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    later: bool = False


# An example may first make the rows that its request is about.
Example: TypeAlias = Callable[[AsyncClient, AsyncSession], Awaitable[Call]]


@cache
def collect() -> dict[str, Example]:
    """Merge the dictionaries `EXAMPLES`, whose keys are operation ids."""
    examples: dict[str, Example] = {}
    for file in sorted(Path(__file__).parent.glob("*/examples.py")):
        examples |= import_module(f"tests.{file.parent.name}.examples").EXAMPLES
    return examples


async def prepare(operation: Operation, client: AsyncClient, session: AsyncSession) -> Call:
    """Make the rows of an operation's example, and return its request."""
    example = collect().get(operation.id)
    assert example, f"add an example of {operation.id} to EXAMPLES in a module tests/*/examples.py"
    return await example(client, session)


async def send(client: AsyncClient, operation: Operation, call: Call) -> Response:
    """Call the operation."""
    return await client.request(
        operation.method,
        operation.url(call.path),
        params=call.query,
        json=call.json,
        data=call.form,
        files=call.files,
        headers=call.headers,
    )
