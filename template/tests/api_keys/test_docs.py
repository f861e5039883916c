"""The requests of docs/api-keys.md, in their order."""

import json
import re
from pathlib import Path
from typing import Any

from httpx2 import AsyncClient

from app.models.user import User
from tests.auth.factories import log_in

PAGE = (Path(__file__).parents[2] / "docs" / "api-keys.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
BLOCKS = [(found[1], found[2]) for found in BLOCK.finditer(PAGE)]
REQUESTS = [text for language, text in BLOCKS if language == "http"]


async def follow(client: AsyncClient, text: str, known: dict[str, Any]) -> Any:
    """Send a request of the page, in which `<name>` is filled in."""
    head, _, body = re.sub(r"<(\w+)>", lambda found: known[found[1]], text).partition("\n\n")
    line, *headers = head.splitlines()
    method, path = line.split()
    sent = dict(header.split(": ") for header in headers)
    return await client.request(method, path, headers=sent, json=json.loads(body or "null"))


async def test_the_requests_work_in_their_order(anonymous: AsyncClient, user: User) -> None:
    known = await log_in(anonymous, user.email)
    statuses = []

    for text in REQUESTS:
        response = await follow(anonymous, text, known)
        statuses.append(response.status_code)
        if response.status_code == 201:
            known |= {"key": response.json()["key"], "key_id": response.json()["id"]}

    assert statuses == [201, 200, 200, 204]
