"""Connections to Redis, with every wait bounded."""

from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

# Longer than anybody waits: whoever asks sets the limit (see app/redis/guard.py).
FORGOTTEN_SECONDS = 1.0
# Of one process, some of them for those who ask without the guard.
MAX_CONNECTIONS = 16


def make_client(url: SecretStr) -> Redis:
    """Make a client without connecting. Do not block with it: its answers must come at once."""
    pool = BlockingConnectionPool.from_url(
        url.get_secret_value(),
        max_connections=MAX_CONNECTIONS,
        timeout=FORGOTTEN_SECONDS,
        socket_connect_timeout=FORGOTTEN_SECONDS,
        socket_timeout=FORGOTTEN_SECONDS,
        retry=Retry(NoBackoff(), retries=0),
        # They would make the timeouts longer.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis(connection_pool=pool)
