"""The requests of pages in docs/, which tests send."""

import json
import re
from typing import Any

from httpx2 import AsyncClient, Response

from app.core.config import ROOT

BLOCK = re.compile(r"```http\n(.*?)```", re.DOTALL)


def requests_of(page: str) -> list[str]:
    """Return the requests of a page, in their order."""
    return BLOCK.findall((ROOT / "docs" / page).read_text(encoding="utf-8"))


async def follow(client: AsyncClient, text: str, known: dict[str, Any]) -> Response:
    """Send a request of a page, in which `<name>` is filled in."""
    head, _, body = re.sub(r"<(\w+)>", lambda found: known[found[1]], text).partition("\n\n")
    line, *headers = head.splitlines()
    method, path = line.split()
    sent = dict(header.split(": ") for header in headers)
    return await client.request(method, path, headers=sent, json=json.loads(body or "null"))
