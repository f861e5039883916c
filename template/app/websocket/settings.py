"""What one client may do, and how soon the service notices what has changed about it."""

from typing import Annotated

from pydantic import Field

from app.core.settings import EnvSettings

Limit = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=60)]


class WebSocketSettings(EnvSettings):
    """Limits of a connection, and of a user's connections."""

    websocket_max_frame_bytes: Limit = 64 * 1024
    websocket_messages_per_second: Limit = 20
    websocket_connections_per_user: Limit = 20
    websocket_channels_per_connection: Limit = 100
    # Messages that may wait for a client that reads slowly.
    websocket_queue_size: Limit = 256
    # One that reads nothing for so long, while something waits for it, is dropped.
    websocket_send_seconds: Seconds = 10
    # How often sessions are looked up that may have ended.
    websocket_check_seconds: Seconds = 2
