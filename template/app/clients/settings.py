"""Settings of the HTTP client."""

from typing import Annotated

from pydantic import Field

from app.core.settings import EnvSettings

Seconds = Annotated[float, Field(gt=0, le=300)]


class HttpClientSettings(EnvSettings):
    """Timeouts are in seconds. `total` includes retries and the wait for the semaphore."""

    http_client_connect_timeout: Seconds = 2
    # Between two bytes.
    http_client_read_timeout: Seconds = 3
    http_client_total_timeout: Seconds = 5
    # Concurrent calls of one process.
    http_client_concurrency: Annotated[int, Field(ge=1, le=1000)] = 20
    http_client_retries: Annotated[int, Field(ge=0, le=10)] = 2
    # The backoff before the first retry, about; it doubles with each further one.
    http_client_retry_seconds: Seconds = 0.2
    http_client_max_bytes: Annotated[int, Field(ge=1024)] = 1024 * 1024
