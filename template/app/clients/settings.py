"""How long to wait for others, and how often to ask again."""

from typing import Annotated

from pydantic import Field, HttpUrl

from app.core.settings import EnvSettings

Seconds = Annotated[float, Field(gt=0, le=300)]


class HttpClientSettings(EnvSettings):
    """Timeouts are seconds. `total` bounds a call with its retries and its wait for a turn."""

    http_client_connect_timeout: Seconds = 2
    # Without a byte.
    http_client_read_timeout: Seconds = 3
    http_client_total_timeout: Seconds = 5
    # Calls of one process at once.
    http_client_concurrency: Annotated[int, Field(ge=1, le=1000)] = 20
    http_client_retries: Annotated[int, Field(ge=0, le=10)] = 2
    # Before the first retry, about; each further one waits twice as long.
    http_client_retry_seconds: Seconds = 0.2
    http_client_max_bytes: Annotated[int, Field(ge=1024)] = 1024 * 1024

    # Where exchange rates come from; the currency is added to it as `base`.
    rates_url: HttpUrl | None = None
