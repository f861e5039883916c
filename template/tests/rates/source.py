"""What the source of exchange rates answers."""

import json
from typing import Any

from tests.http_client.upstream import Answer, Asked


def base_of(asked: Asked) -> str:
    """Return the currency that was asked for."""
    return asked.query.get("base", ["EUR"])[0]


def rates(asked: Asked, **fields: Any) -> Answer:
    """A good answer."""
    found = {"base": base_of(asked), "date": "2026-02-27", "rates": {"USD": 1.0842, "JPY": 163}}
    return Answer(body=json.dumps(found | fields).encode())
