"""Connections to Redis, with every wait bounded."""

from pydantic import SecretStr
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from app.redis.guard import TIMEOUT_SECONDS


def make_client(url: SecretStr) -> Redis:
    """Make a client without connecting. Do not block with it: its answers must come at once."""
    return Redis.from_url(
        url.get_secret_value(),
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), retries=0),
        health_check_interval=0,
    )
