"""Jobs as the API speaks of them."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    ValidationInfo,
    WithJsonSchema,
    create_model,
    field_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import tagged_union_schema

from app.core.job import KINDS, JobKind
from app.core.pagination import PageQuery
from app.schemas.base import Input, Output

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class JobCreate(Input):
    """What to do. The types are those that have a handler; each has its own payload."""

    type: str
    payload: Annotated[dict[str, JsonValue], Field(validate_default=True)] = {}

    @field_validator("type")
    @classmethod
    def known(cls, name: str) -> str:
        """Refuse what nobody handles, and what only the service itself asks for."""
        if name not in KINDS or not KINDS[name].public:
            raise ValueError("there is no such type of job")
        return name

    @field_validator("payload")
    @classmethod
    def fitting(cls, payload: dict[str, JsonValue], info: ValidationInfo) -> dict[str, JsonValue]:
        """Let the type's own model check the payload and complete it."""
        if "type" not in info.data:  # what is wrong with it is said already
            return payload
        return KINDS[info.data["type"]].payload.model_validate(payload).model_dump(mode="json")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe each type with its own payload, as components that generators can name."""
        kinds = [kind for kind in KINDS.values() if kind.public]
        if not kinds:
            return handler(core)
        choices = {kind.name: describe_kind(kind).__pydantic_core_schema__ for kind in kinds}
        alternatives = handler(tagged_union_schema(choices, discriminator="type"))
        return {"title": cls.__name__, "description": cls.__doc__, **alternatives}


def describe_kind(kind: JobKind) -> type[BaseModel]:
    """Make the model of one type of job for the OpenAPI document: `ItemsExportJob`."""
    words = re.findall(r"[^\W_]+", kind.name)
    needed = any(field.is_required() for field in kind.payload.model_fields.values())
    fields: dict[str, Any] = {
        "type": (Annotated[str, WithJsonSchema({"const": kind.name, "type": "string"})], ...),
        "payload": (kind.payload, ... if needed else Field(default_factory=kind.payload)),
    }
    name = "".join(word[0].upper() + word[1:] for word in words) + "Job"
    return create_model(name, __base__=Input, __doc__=kind.handler.__doc__, **fields)


class JobRead(Output):
    """A job. `result` and `error` are null until it has ended; `error` says why it failed."""

    id: UUID
    type: Annotated[str, Field(examples=["items.export"])]
    status: Status
    progress: Annotated[int, Field(ge=0, le=100, description="Percent", examples=[40])]
    attempts: Annotated[int, Field(examples=[1])]
    result: Annotated[
        dict[str, Any] | None, Field(examples=[{"filename": "items.csv", "rows": 120}])
    ]
    error: Annotated[str | None, Field(examples=["It took too long."])]
    owner_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobQuery(PageQuery):
    """Which jobs, in which order. `q` looks at the type."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    status: Status | None = None
