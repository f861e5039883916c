"""Jobs as the API speaks of them."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from app.core.job import KINDS, JobKind
from app.core.pagination import PageQuery
from app.core.settings import describe
from app.schemas.base import Input, Output

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class JobCreate(Input):
    """What to do. The types are those that have a handler; each has its own payload."""

    type: str
    payload: dict[str, JsonValue] = {}

    @field_validator("type")
    @classmethod
    def known(cls, name: str) -> str:
        """Refuse what nobody handles, and what only the service itself asks for."""
        if name not in KINDS or not KINDS[name].public:
            raise ValueError("there is no such type of job")
        return name

    @model_validator(mode="after")
    def fitting(self) -> Self:
        """Let the type's own model check the payload and complete it."""
        try:
            payload = KINDS[self.type].payload.model_validate(self.payload)
        except ValidationError as error:
            raise ValueError(f"payload: {describe(error)}") from None
        self.payload = payload.model_dump(mode="json")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, _core: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe each type with its own payload."""
        kinds = [kind for kind in KINDS.values() if kind.public]
        return {"title": cls.__name__, "oneOf": [_alternative(kind) for kind in kinds]}


def _alternative(kind: JobKind) -> JsonSchemaValue:
    payload = kind.payload.model_json_schema()
    return {
        "type": "object",
        "properties": {"type": {"const": kind.name}, "payload": payload},
        "required": ["type", "payload"] if "required" in payload else ["type"],
        "additionalProperties": False,
    }


class JobRead(Output):
    """A job. `result` and `error` are null until it has ended; `error` says why it failed."""

    id: UUID
    type: Annotated[str, Field(examples=["items.export"])]
    status: Status
    progress: Annotated[int, Field(ge=0, le=100, description="Percent")]
    attempts: int
    result: dict[str, Any] | None
    error: str | None
    owner_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobQuery(PageQuery):
    """Which jobs, in which order. `q` looks at the type."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    status: Status | None = None
