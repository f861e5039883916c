"""Publishing from a process that serves nobody itself: a worker."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog
from pydantic import BaseModel, SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.after_commit import after_commit
from app.redis.client import make_client
from app.redis.guard import GuardedRedis, RedisUnavailableError
from app.websocket.frames import message
from app.websocket.hub import private_channel
from app.websocket.publishing import describe
from app.websocket.relay import TOPIC, pack

log = structlog.get_logger(__name__)


class Outlet:
    """Sends to the servers while it is waited for, since nothing runs here between two jobs."""

    def __init__(self, url: SecretStr) -> None:
        self.redis = GuardedRedis(make_client(url))

    def tell(
        self,
        session: AsyncSession,
        user_id: UUID | None,
        event: str,
        model: type[BaseModel],
        row: object,
    ) -> None:
        """Tell a user of an event, once it is committed."""
        if user_id is not None:
            data = describe(event, model, row)
            channel = private_channel(user_id)
            after_commit(session, self._publishing(channel, message(channel, None, data)))

    def _publishing(self, channel: str, frame: str) -> Callable[[], Awaitable[None]]:
        async def publish() -> None:
            packed = pack("worker", channel, frame)
            try:
                await self.redis.ask(lambda redis: redis.publish(TOPIC, packed))
            except RedisUnavailableError:
                log.warning("websocket_message_not_relayed")

        return publish

    async def close(self) -> None:
        """Close the connection."""
        await self.redis.client.aclose(close_connection_pool=True)
