"""What the HTTP client reads from the environment: its settings, proxies and certificates."""

import ssl
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias

import httpx2
import structlog
from httpx2._utils import get_environment_proxies  # no public function reads NO_PROXY
from pydantic import Field

from app.core.settings import EnvSettings

Hook: TypeAlias = Callable[[httpx2.Request], Awaitable[None]]
Seconds = Annotated[float, Field(gt=0, le=300)]

log = structlog.get_logger(__name__)


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


class UnusableTransport(httpx2.AsyncBaseTransport):
    """Fails only the calls that need an invalid variable, and logs the name of the variable."""

    def __init__(self, variable: str, error: Exception) -> None:
        self.variable = variable
        self.error = type(error).__name__  # not its text: a proxy's URL may hold a password
        self._log()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Fail a call."""
        self._log()
        raise httpx2.RequestError(f"{self.variable} cannot be used", request=request)

    async def reject_https(self, request: httpx2.Request) -> None:
        """Fail a call to an https URL."""
        if request.url.scheme == "https":
            await self.handle_async_request(request)

    def _log(self) -> None:
        log.error("http_client_variable_unusable", variable=self.variable, error=self.error)


def load_certificates() -> tuple[ssl.SSLContext, list[Hook]]:
    """Load the trusted certificates; if they are unreadable, none and a hook that rejects https."""
    try:
        return httpx2.create_ssl_context(), []
    except OSError as error:
        unusable = UnusableTransport("SSL_CERT_FILE or SSL_CERT_DIR", error)
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), [unusable.reject_https]


def make_proxies(
    context: ssl.SSLContext, limits: httpx2.Limits
) -> dict[str, httpx2.AsyncBaseTransport | None]:
    """Make a transport for each proxy variable, by URL pattern; None is a direct connection."""
    return {
        pattern: make_proxy(pattern, url, context, limits) if url else None
        for pattern, url in get_environment_proxies().items()
    }


def make_proxy(
    pattern: str, url: str, context: ssl.SSLContext, limits: httpx2.Limits
) -> httpx2.AsyncBaseTransport:
    """Make the transport of one proxy; an https proxy is verified like any server."""
    try:
        proxy = httpx2.Proxy(url, ssl_context=context if url.startswith("https://") else None)
        return httpx2.AsyncHTTPTransport(verify=context, limits=limits, proxy=proxy)
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        return UnusableTransport(f"{pattern.removesuffix('://').upper()}_PROXY", error)
