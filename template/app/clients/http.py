"""The HTTP client: one pool, with retries and limits on everything."""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from itertools import count
from typing import Any, TypeAlias, TypeVar

import httpx2
import structlog
from opentelemetry.propagate import inject
from pydantic import BaseModel, ValidationError
from structlog.contextvars import get_contextvars

from app.clients.environment import HttpClientSettings, load_certificates, make_proxies
from app.core.config import PROJECT
from app.core.exceptions import AppError

ModelT = TypeVar("ModelT", bound=BaseModel)

# A repeated request has no further effect (RFC 9110 §9.2.1).
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# Too many requests, and server errors that may be temporary.
RETRYABLE_STATUSES = {429, 500, 502, 503, 504}

log = structlog.get_logger(__name__)


class UpstreamError(AppError):
    """Another service is down, or its answer is an error or invalid; its text is only logged."""

    status = 502
    code = "upstream_error"
    detail = "An upstream service gave no usable answer."


class UpstreamTimeoutError(UpstreamError):
    """Another service timed out."""

    status = 504
    code = "upstream_timeout"
    detail = "An upstream service did not answer in time."


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer of another service, with any status."""

    host: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def parse(self, model: type[ModelT]) -> ModelT:
        """Parse the JSON body, or raise `UpstreamError` if it is an error or invalid."""
        cause = None
        try:
            if 200 <= self.status < 300:
                return model.model_validate_json(self.body)
        except ValidationError as error:
            cause = error
        text = self.body[:500].decode(errors="replace")
        log.warning("upstream_answer", host=self.host, status=self.status, text=text)
        raise UpstreamError from cause


Outcome: TypeAlias = Reply | httpx2.TransportError
Attempt: TypeAlias = Callable[[], Awaitable[Outcome]]


class HttpClient:
    """Raises `UpstreamError` or `UpstreamTimeoutError` when a call fails."""

    def __init__(self, client: httpx2.AsyncClient, settings: HttpClientSettings) -> None:
        self.client = client
        self.settings = settings
        self.semaphore = asyncio.Semaphore(settings.http_client_concurrency)

    async def request(self, method: str, url: httpx2.URL | str, **options: Any) -> Reply:
        """Send a request. `options` are those of `httpx2`, such as `params` and `json`."""
        attempt = partial(self._attempt, method, url, **options)
        retries = self.settings.http_client_retries if method in SAFE_METHODS else 0
        try:
            async with asyncio.timeout(self.settings.http_client_total_timeout) as timeout:
                return await self._request_with_retries(attempt, retries, timeout.when() or 0)
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise UpstreamTimeoutError from error
        except httpx2.RequestError as error:
            raise UpstreamError from error

    async def _request_with_retries(self, attempt: Attempt, retries: int, deadline: float) -> Reply:
        """Retry until the outcome is final, or the deadline too close for another attempt."""
        for number in count():
            outcome = await attempt()
            delay = backoff(self.settings.http_client_retry_seconds, number)
            if isinstance(outcome, Reply):
                delay = max(delay, retry_after(outcome.headers))
            too_late = asyncio.get_running_loop().time() + delay >= deadline
            if number == retries or too_late or not is_retryable(outcome):
                break
            await asyncio.sleep(delay)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _attempt(self, method: str, url: httpx2.URL | str, **options: Any) -> Outcome:
        """Send the request once. The semaphore is released during the backoff."""
        async with self.semaphore:
            try:
                async with self.client.stream(method, url, **options) as response:
                    return await self._read(response)
            except httpx2.TransportError as error:
                return error

    async def _read(self, response: httpx2.Response) -> Reply:
        """Read the body up to the limit, whatever Content-Length says."""
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self.settings.http_client_max_bytes:
                log.warning("upstream_too_large", host=response.url.host)
                raise UpstreamError
        return Reply(response.url.host, response.status_code, response.headers, bytes(body))


def is_retryable(outcome: Outcome) -> bool:
    """Return whether another attempt may succeed. A slow server gets no further requests."""
    if isinstance(outcome, Reply):
        return outcome.status in RETRYABLE_STATUSES
    return not isinstance(outcome, httpx2.ReadTimeout | httpx2.WriteTimeout)


def backoff(seconds: float, attempt: int) -> float:
    """Return the exponential backoff with jitter: from half of the delay to the whole."""
    return seconds * 2**attempt * random.uniform(0.5, 1)  # noqa: S311  (no secret)


def retry_after(headers: Mapping[str, str]) -> float:
    """Parse `Retry-After` as seconds (RFC 9110 §10.2.3); 0 if it is absent or invalid."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0


async def propagate_headers(request: httpx2.Request) -> None:
    """Add the request id, and the trace context if there is one."""
    if request_id := get_contextvars().get("request_id"):
        request.headers["X-Request-ID"] = request_id
    inject(request.headers)


@asynccontextmanager
async def open_http_client(settings: HttpClientSettings) -> AsyncGenerator[HttpClient, None]:
    """Open the pool. It follows no redirects and stores no cookies."""
    limits = httpx2.Limits(keepalive_expiry=15)  # the semaphore limits the connections
    context, hooks = load_certificates()
    async with httpx2.AsyncClient(
        # Not compressed: a body is as large as what is received.
        headers={"User-Agent": f"{PROJECT.name}/{PROJECT.version}", "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(
            settings.http_client_read_timeout, connect=settings.http_client_connect_timeout
        ),
        transport=httpx2.AsyncHTTPTransport(verify=context, limits=limits),
        mounts=make_proxies(context, limits),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        event_hooks={"request": [propagate_headers, *hooks]},
    ) as client:
        yield HttpClient(client, settings)
