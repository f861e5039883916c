"""How often is too often."""

import json
import re
from typing import Annotated, Any

from limits import parse
from pydantic import BeforeValidator

from app.core.settings import EnvSettings, split
from app.limiter.rate import Rate

RULE = re.compile(r"([A-Za-z]+) +(/\S*)")


def read_rules(value: Any) -> Any:
    """Read `{"POST /api/v1/items": "30/minute"}` or `POST /api/v1/items=30/minute, ...`."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("{"):
        value = dict(_pair(part) for part in split(value))
    else:
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise ValueError("is neither a JSON object nor separated by commas") from None
    return {_route(name): rate for name, rate in value.items()}


def _pair(part: str) -> tuple[str, str]:
    name, equals, rate = part.rpartition("=")
    if not equals:
        raise ValueError(f'"{part}" is not like POST /api/v1/items=30/minute')
    return name.strip(), rate.strip()


def _route(name: str) -> tuple[str, str]:
    found = RULE.fullmatch(name.strip())
    if not found:
        raise ValueError(f'"{name}" is not a method and a path, like POST /api/v1/items')
    return found[1].upper(), found[2]


class RateLimitSettings(EnvSettings):
    """For each caller: a user, or the address of somebody who is not logged in."""

    rate_limit_enabled: bool = True
    rate_limit_default: Rate = parse("300/minute")
    # Instead of the default, by method and path.
    rate_limit_routes: Annotated[dict[tuple[str, str], Rate], BeforeValidator(read_rules)] = {}
