"""Limits of WebSocket connections."""

from typing import Annotated

from pydantic import Field

from app.core.settings import EnvSettings

Limit = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=60)]


class WebSocketSettings(EnvSettings):
    """Limits per connection and per user, and how often sessions are checked."""

    websocket_max_frame_bytes: Limit = 64 * 1024
    websocket_messages_per_second: Limit = 20
    # In each process.
    websocket_connections_per_user: Limit = 20
    websocket_channels_per_connection: Limit = 100
    # Messages queued for a slow client before it is disconnected.
    websocket_queue_size: Limit = 256
    # Timeout for sending one message.
    websocket_send_seconds: Seconds = 10
    # Interval between checks for expired tokens and ended sessions.
    websocket_check_seconds: Seconds = 2
