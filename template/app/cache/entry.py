"""Entries as text: JSON, in Redis as in the process."""

import hashlib
import json
from functools import cache
from typing import TypeVar
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from app.core.project import PROJECT

ModelT = TypeVar("ModelT", bound=BaseModel)

# Count up when entries are written in another way. That the models change is seen to below: the
# key must stay, or a process of the old version could not drop what one of the new version reads.
PREFIX = f"{PROJECT.name}:cache:v1:"
LEASE = '{"lease":'


def new_lease() -> str:
    """A lease nobody has had before."""
    return f'{LEASE}"{uuid4().hex}"}}'


def is_lease(text: str) -> bool:
    """Whether the entry is no value yet."""
    return text.startswith(LEASE)


def encode(model: type[ModelT], value: ModelT) -> str:
    """Write a value, with the version of its model."""
    return f"{_head(model)}{value.model_dump_json(round_trip=True)}}}"


def decode(model: type[ModelT], text: str) -> ModelT | None:
    """Read a value; None if it was written by another version of the service."""
    head = _head(model)
    if not text.startswith(head):
        return None
    try:
        return model.model_validate_json(text[len(head) : -1])
    except ValidationError:
        return None


@cache
def _head(model: type[BaseModel]) -> str:
    schema = json.dumps(model.model_json_schema(), sort_keys=True).encode()
    return f'{{"schema":"{hashlib.sha256(schema).hexdigest()[:12]}","value":'
