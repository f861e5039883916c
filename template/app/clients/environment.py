"""Proxies and certificates of the environment: what is unusable fails only calls that need it."""

import ssl
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import httpx2
import structlog
from httpx2._utils import get_environment_proxies  # no public function reads NO_PROXY

Hook: TypeAlias = Callable[[httpx2.Request], Awaitable[None]]

log = structlog.get_logger(__name__)


class Unusable(httpx2.AsyncBaseTransport):
    """Stands for a variable that cannot be used: fails calls, and names the variable in the log."""

    def __init__(self, variable: str, error: Exception) -> None:
        self.variable = variable
        self.error = type(error).__name__  # not its text: a proxy's URL may hold a password
        self._log()

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Fail a call that needs it."""
        self._log()
        raise httpx2.RequestError(f"{self.variable} cannot be used", request=request)

    async def refuse_https(self, request: httpx2.Request) -> None:
        """Fail a call if it needs certificates."""
        if request.url.scheme == "https":
            await self.handle_async_request(request)

    def _log(self) -> None:
        log.error("http_client_variable_unusable", variable=self.variable, error=self.error)


def load_certificates() -> tuple[ssl.SSLContext, list[Hook]]:
    """Load what https trusts: nothing, and with a hook that says so, if that cannot be read."""
    try:
        return httpx2.create_ssl_context(), []
    except OSError as error:
        unusable = Unusable("SSL_CERT_FILE or SSL_CERT_DIR", error)
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), [unusable.refuse_https]


def make_proxies(
    context: ssl.SSLContext, limits: httpx2.Limits
) -> dict[str, httpx2.AsyncBaseTransport | None]:
    """Make the ways through `HTTP_PROXY` and the like, by pattern of URL; None goes without."""
    return {
        pattern: make_proxy(pattern, url, context, limits) if url else None
        for pattern, url in get_environment_proxies().items()
    }


def make_proxy(
    pattern: str, url: str, context: ssl.SSLContext, limits: httpx2.Limits
) -> httpx2.AsyncBaseTransport:
    """Make the way through one proxy, which is trusted as any server is if asked by https."""
    try:
        proxy = httpx2.Proxy(url, ssl_context=context if url.startswith("https://") else None)
        return httpx2.AsyncHTTPTransport(verify=context, limits=limits, proxy=proxy)
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        return Unusable(f"{pattern.removesuffix('://').upper()}_PROXY", error)
