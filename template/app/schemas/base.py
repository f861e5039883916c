"""Base classes of request and response bodies."""

from pydantic import BaseModel, ConfigDict


class Input(BaseModel):
    """A request body. Unknown fields are an error."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """A response body, read from a database row."""

    model_config = ConfigDict(from_attributes=True)
