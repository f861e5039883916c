"""The frames of the protocol: JSON, each with a `type`."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import to_json

Channel = Annotated[str, Field(pattern=r"^[a-z0-9:_-]{1,64}$")]


class FrameError(Exception):
    """The frame cannot be obeyed. The client is told why, and stays."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Ping(_Frame):
    """Are you there?"""

    type: Literal["ping"]


class Subscribe(_Frame):
    """Send me what is published in a channel."""

    type: Literal["subscribe"]
    channel: Channel


class Unsubscribe(_Frame):
    """Send it no longer."""

    type: Literal["unsubscribe"]
    channel: Channel


def finite(value: JsonValue) -> JsonValue:
    """Refuse what JSON has no word for: NaN, and numbers beyond all bounds."""
    json.dumps(value, allow_nan=False)
    return value


class Publish(_Frame):
    """Send this to every subscriber of a channel."""

    type: Literal["publish"]
    channel: Channel
    data: Annotated[JsonValue, AfterValidator(finite)]


ClientFrame = Annotated[Ping | Subscribe | Unsubscribe | Publish, Field(discriminator="type")]
CLIENT_FRAME: TypeAdapter[Ping | Subscribe | Unsubscribe | Publish] = TypeAdapter(ClientFrame)


def parse(text: str) -> Ping | Subscribe | Unsubscribe | Publish:
    """Read a client's frame, or raise `FrameError`, which does not repeat what was sent."""
    try:
        return CLIENT_FRAME.validate_json(text)
    except ValidationError as error:
        if any(fault["type"] == "json_invalid" for fault in error.errors(include_input=False)):
            raise FrameError("malformed_json", "The frame is not valid JSON.") from None
        detail = "Send ping, subscribe, unsubscribe or publish, with just the fields they need."
        raise FrameError("validation_error", detail) from None


def frame(type: str, **fields: Any) -> str:
    """Write a frame to a client."""
    return to_json({"type": type, **fields}).decode()


def message(channel: str, sender: UUID | None, data: JsonValue) -> str:
    """Write a message. `from` is null if it comes from the service itself."""
    fields = {"id": uuid4(), "channel": channel, "from": sender, "data": data}
    return frame("message", **fields, sent_at=datetime.now(UTC))
