"""The Redis client, with every wait bounded."""

from pydantic import SecretStr
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

# Longer than the timeout of any call: see app/redis/circuit_breaker.py.
SOCKET_TIMEOUT_SECONDS = 1.0
# Of one process; some are for calls without the breaker.
MAX_CONNECTIONS = 16


def make_client(url: SecretStr) -> Redis:
    """Make a client without connecting. Not for blocking commands, which would time out."""
    pool = BlockingConnectionPool.from_url(
        url.get_secret_value(),
        max_connections=MAX_CONNECTIONS,
        timeout=SOCKET_TIMEOUT_SECONDS,
        socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), retries=0),
        # They would extend the timeouts.
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
    return Redis(connection_pool=pool)
