"""The format of entries: JSON, in Redis and in memory."""

import hashlib
import json
from functools import cache
from typing import TypeVar
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from app.core.project import PROJECT

ModelT = TypeVar("ModelT", bound=BaseModel)

# The version of this format. A changed model needs none: entries name its schema, and keys must
# stay, or a process of the old release could not delete what one of the new release reads.
PREFIX = f"{PROJECT.name}:cache:v1:"
LEASE_PREFIX = '{"lease":'


def new_lease() -> str:
    """Return a unique lease."""
    return f'{LEASE_PREFIX}"{uuid4().hex}"}}'


def is_lease(text: str) -> bool:
    """Return whether an entry is a lease, not a value."""
    return text.startswith(LEASE_PREFIX)


def encode(model: type[ModelT], value: ModelT) -> str:
    """Serialize a value with the version of its schema."""
    return f"{_prefix(model)}{value.model_dump_json(round_trip=True)}}}"


def decode(model: type[ModelT], text: str) -> ModelT | None:
    """Deserialize a value; None if its schema is another."""
    prefix = _prefix(model)
    if not text.startswith(prefix):
        return None
    try:
        return model.model_validate_json(text[len(prefix) : -1])
    except ValidationError:
        return None


@cache
def _prefix(model: type[BaseModel]) -> str:
    schema = json.dumps(model.model_json_schema(), sort_keys=True).encode()
    return f'{{"schema":"{hashlib.sha256(schema).hexdigest()[:12]}","value":'
