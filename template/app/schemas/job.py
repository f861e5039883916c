"""Request and response bodies of jobs."""

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

from app.core.job import JOB_TYPES, JobType
from app.schemas.base import Input, Output
from app.schemas.pagination import PageQuery

Status = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class JobCreate(Input):
    """A job to run. Each type has its own payload."""

    type: str
    payload: Annotated[dict[str, JsonValue], Field(validate_default=True)] = {}

    @field_validator("type")
    @classmethod
    def check_type(cls, name: str) -> str:
        """Refuse a type without a handler, and one that only the service itself may add."""
        if name not in JOB_TYPES or not JOB_TYPES[name].public:
            raise ValueError("there is no such type of job")
        return name

    @field_validator("payload")
    @classmethod
    def check_payload(
        cls, payload: dict[str, JsonValue], info: ValidationInfo
    ) -> dict[str, JsonValue]:
        """Validate the payload with the model of its type, and fill in the defaults."""
        if "type" not in info.data:  # it is reported already
            return payload
        return JOB_TYPES[info.data["type"]].payload.model_validate(payload).model_dump(mode="json")

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe each type with its payload, as named components for client generators."""
        models = {one.name: type_model(one) for one in JOB_TYPES.values() if one.public}
        if not models:
            return handler(core)
        choices = {name: model.__pydantic_core_schema__ for name, model in models.items()}
        alternatives = handler(tagged_union_schema(choices, discriminator="type"))
        return {"title": cls.__name__, "description": cls.__doc__, **alternatives}


def type_model(job_type: JobType) -> type[BaseModel]:
    """Make the model of one type of job for the OpenAPI document: `ReportMakeJob`."""
    name, payload = job_type.name, job_type.payload
    required = any(field.is_required() for field in payload.model_fields.values())
    fields: dict[str, Any] = {
        "type": (Annotated[str, WithJsonSchema({"const": name, "type": "string"})], ...),
        "payload": (payload, ... if required else Field(default_factory=payload)),
    }
    title = "".join(word[0].upper() + word[1:] for word in re.findall(r"[^\W_]+", name)) + "Job"
    return create_model(title, __base__=Input, __doc__=job_type.handler.__doc__, **fields)


class JobRead(Output):
    """A job. `result` and `error` are null until it has ended; `error` says why it failed."""

    id: UUID
    type: Annotated[str, Field(examples=["report.make"])]
    status: Status
    progress: Annotated[int, Field(ge=0, le=100, description="Percent", examples=[40])]
    attempts: Annotated[int, Field(examples=[1])]
    result: Annotated[
        dict[str, Any] | None, Field(examples=[{"filename": "report.csv", "rows": 120}])
    ]
    error: Annotated[str | None, Field(examples=["It took too long."])]
    owner_id: UUID | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobQuery(PageQuery):
    """Filters and order of the list of jobs. `q` searches the type."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    status: Status | None = None
