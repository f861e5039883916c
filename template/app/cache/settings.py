"""How long values are kept."""

from typing import Annotated

from pydantic import Field

from app.core.settings import EnvSettings


class CacheSettings(EnvSettings):
    """Without `REDIS_URL` the cache is this process's own; see app/cache/feature.py."""

    cache_enabled: bool = True
    # Seconds, at most; a change is seen at once.
    cache_ttl_seconds: Annotated[int, Field(ge=1, le=24 * 3600)] = 60
