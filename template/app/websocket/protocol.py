"""The protocol: JSON text frames, each with a `type`."""

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

from app.websocket.connection import Connection
from app.websocket.manager import ConnectionManager

# `user:<id>` is open to that user alone.
PRIVATE_CHANNEL_PREFIX = "user:"

Channel = Annotated[str, Field(pattern=r"^[a-z0-9:_-]{1,64}$")]


class FrameError(Exception):
    """The frame is refused with an `error` frame; the connection stays open."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class _Frame(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Ping(_Frame):
    """Ask for a `pong`."""

    type: Literal["ping"]


class Subscription(_Frame):
    """Start or stop receiving the messages of a channel."""

    type: Literal["subscribe", "unsubscribe"]
    channel: Channel


def reject_non_finite(value: JsonValue) -> JsonValue:
    """Raise `ValueError` for NaN and infinity, which JSON cannot express."""
    json.dumps(value, allow_nan=False)
    return value


class Publish(_Frame):
    """Send data to all subscribers of a channel."""

    type: Literal["publish"]
    channel: Channel
    data: Annotated[JsonValue, AfterValidator(reject_non_finite)]


ClientFrame = Ping | Subscription | Publish
CLIENT_FRAME: TypeAdapter[ClientFrame] = TypeAdapter(
    Annotated[ClientFrame, Field(discriminator="type")]
)


def parse(text: str) -> ClientFrame:
    """Parse a client's frame, or raise `FrameError`, which does not repeat the input."""
    try:
        return CLIENT_FRAME.validate_json(text)
    except ValidationError as error:
        if any(fault["type"] == "json_invalid" for fault in error.errors(include_input=False)):
            raise FrameError("malformed_json", "The frame is not valid JSON.") from None
        detail = "Send ping, subscribe, unsubscribe or publish, with just the fields they need."
        raise FrameError("validation_error", detail) from None


def frame(type: str, **fields: Any) -> str:
    """Serialize a frame for a client."""
    return to_json({"type": type, **fields}).decode()


def message(channel: str, sender: UUID | None, data: JsonValue) -> str:
    """Serialize a message. `from` is null if the service itself sends it."""
    fields = {"id": uuid4(), "channel": channel, "from": sender, "data": data}
    return frame("message", **fields, sent_at=datetime.now(UTC))


def private_channel(user_id: UUID) -> str:
    """Return the name of a user's private channel."""
    return f"{PRIVATE_CHANNEL_PREFIX}{user_id}"


class MessageHandler:
    """Handles the frames of one client."""

    def __init__(self, connection: Connection, manager: ConnectionManager) -> None:
        self.connection = connection
        self.manager = manager

    async def handle(self, text: str | None) -> None:
        """Handle a frame; None stands for a binary one. Answer errors with an `error` frame."""
        try:
            if text is None:
                raise FrameError("unsupported_media_type", "Send text frames.")
            await self._handle(parse(text))
        except FrameError as error:
            self.connection.send(frame("error", code=error.code, detail=error.detail))

    async def _handle(self, received: ClientFrame) -> None:
        match received:
            case Ping():
                self.connection.send(frame("pong"))
            case Publish(channel=channel, data=data):
                self._check_access(channel)
                sender = self.connection.user_id
                await self.manager.publish(channel, message(channel, sender, data))
            case Subscription(type="subscribe", channel=channel):
                self._check_access(channel)
                self._check_channel_limit(channel)
                self.manager.subscribe(self.connection, channel)
                self.connection.send(frame("subscribed", channel=channel))
            case Subscription(channel=channel):
                self.manager.unsubscribe(self.connection, channel)
                self.connection.send(frame("unsubscribed", channel=channel))

    def _check_access(self, channel: str) -> None:
        is_private = channel.startswith(PRIVATE_CHANNEL_PREFIX)
        if is_private and channel != private_channel(self.connection.user_id):
            raise FrameError("permission_denied", "This channel belongs to another user.")

    def _check_channel_limit(self, channel: str) -> None:
        limit = self.manager.settings.websocket_channels_per_connection
        if len(self.connection.channels | {channel}) > limit:
            raise FrameError("too_many_channels", f"Subscribe to at most {limit} channels.")
