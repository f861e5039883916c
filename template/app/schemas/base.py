"""What all bodies share."""

from pydantic import BaseModel, ConfigDict


class Input(BaseModel):
    """A request body. A field it does not know is an error, not a typo to pass over."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """A response body, read from a database row."""

    model_config = ConfigDict(from_attributes=True)
