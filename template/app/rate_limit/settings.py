"""Settings of the rate limits."""

import json
import re
from typing import Annotated, Any

from limits import parse
from pydantic import BeforeValidator

from app.core.settings import EnvSettings, split_list
from app.rate_limit.limiter import Rate

ROUTE = re.compile(r"([A-Za-z]+) +(/\S*)")


def parse_routes(value: Any) -> Any:
    """Parse `{"POST /api/v1/books": "30/minute"}` or `POST /api/v1/books=30/minute, ...`."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("{"):
        value = dict(_parse_pair(part) for part in split_list(value))
    else:
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            raise ValueError("is neither a JSON object nor separated by commas") from None
    return {_parse_route(name): rate for name, rate in value.items()}


def _parse_pair(part: str) -> tuple[str, str]:
    name, equals, rate = part.rpartition("=")
    if not equals:
        raise ValueError(f'"{part}" is not like POST /api/v1/books=30/minute')
    return name.strip(), rate.strip()


def _parse_route(name: str) -> tuple[str, str]:
    match = ROUTE.fullmatch(name.strip())
    if not match:
        raise ValueError(f'"{name}" is not a method and a path, like POST /api/v1/books')
    return match[1].upper(), match[2]


class RateLimitSettings(EnvSettings):
    """Rates for each client: a user, or an address that sends no valid token."""

    rate_limit_enabled: bool = True
    rate_limit_default: Rate = parse("300/minute")
    # By method and path, instead of the default.
    rate_limit_routes: Annotated[dict[tuple[str, str], Rate], BeforeValidator(parse_routes)] = {}
