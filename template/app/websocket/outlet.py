"""Publishing from a process that serves nobody itself: a worker."""

import structlog
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.after_commit import after_commit
from app.core.events import Event
from app.redis.circuit_breaker import RedisBreaker, RedisUnavailableError
from app.redis.client import make_client
from app.websocket.frames import message
from app.websocket.hub import private_channel
from app.websocket.publishing import describe
from app.websocket.relay import pack, topic

log = structlog.get_logger(__name__)


class Outlet:
    """Sends to the servers while it is waited for, since nothing runs here between two jobs."""

    def __init__(self, url: SecretStr) -> None:
        self.redis = RedisBreaker(make_client(url))
        self.topic = topic(self.redis.client)

    def tell(self, session: AsyncSession, event: Event) -> None:
        """Tell a user of an event, once it is committed."""
        if event.user_id is None:
            return
        channel = private_channel(event.user_id)
        packed = pack("worker", channel, message(channel, None, describe(event)))

        async def publish() -> None:
            try:
                await self.redis.call(lambda redis: redis.publish(self.topic, packed))
            except RedisUnavailableError:
                log.warning("websocket_message_not_relayed")

        after_commit(session, publish)

    async def close(self) -> None:
        """Close the connection."""
        await self.redis.client.aclose(close_connection_pool=True)
