"""Asking other services over one pool of connections, with a bound on everything."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from itertools import count
from typing import Any, TypeAlias, TypeVar

import httpx2
import structlog
from opentelemetry.propagate import inject
from pydantic import BaseModel, ValidationError
from structlog.contextvars import get_contextvars

from app.clients.environment import load_certificates, make_proxies
from app.clients.errors import UpstreamError, UpstreamTimeoutError
from app.clients.retries import PASSING, SAFE_METHODS, backoff, retry_after
from app.clients.settings import HttpClientSettings
from app.core.project import PROJECT

ModelT = TypeVar("ModelT", bound=BaseModel)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, whatever its status."""

    host: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def parse(self, model: type[ModelT]) -> ModelT:
        """Read a JSON body, or raise `UpstreamError` if it is an error or has another form."""
        fault = None
        try:
            if 200 <= self.status < 300:
                return model.model_validate_json(self.body)
        except ValidationError as error:
            fault = error
        text = self.body[:500].decode(errors="replace")
        log.warning("upstream_answer", host=self.host, status=self.status, text=text)
        raise UpstreamError from fault


Outcome: TypeAlias = Reply | httpx2.TransportError
Ask: TypeAlias = Callable[[], Awaitable[Outcome]]


class HttpClient:
    """Raises `UpstreamError` or `UpstreamTimeoutError` for whatever goes wrong on the way."""

    def __init__(self, client: httpx2.AsyncClient, settings: HttpClientSettings) -> None:
        self.client = client
        self.settings = settings
        self.slots = asyncio.Semaphore(settings.http_client_concurrency)

    async def request(self, method: str, url: httpx2.URL | str, **options: Any) -> Reply:
        """Call another service. `options` are those of `httpx2`, such as `params` and `json`."""
        ask = partial(self._ask, method, url, **options)
        retries = self.settings.http_client_retries if method in SAFE_METHODS else 0
        try:
            async with asyncio.timeout(self.settings.http_client_total_timeout) as limit:
                return await self._persist(ask, retries, limit.when() or 0)
        except (TimeoutError, httpx2.TimeoutException) as error:
            raise UpstreamTimeoutError from error
        except httpx2.RequestError as error:
            raise UpstreamError from error

    async def _persist(self, ask: Ask, retries: int, deadline: float) -> Reply:
        """Ask until the outcome is final, or there is no time for another attempt."""
        for attempt in count():
            outcome = await ask()
            pause = backoff(self.settings.http_client_retry_seconds, attempt)
            if isinstance(outcome, Reply):
                pause = max(pause, retry_after(outcome.headers))
            late = asyncio.get_running_loop().time() + pause >= deadline
            if attempt == retries or late or not may_pass(outcome):
                break
            await asyncio.sleep(pause)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def _ask(self, method: str, url: httpx2.URL | str, **options: Any) -> Outcome:
        """Ask once. A slot is held no longer than that, so nobody waits for others' pauses."""
        async with self.slots:
            try:
                async with self.client.stream(method, url, **options) as response:
                    return await self._read(response)
            except httpx2.TransportError as error:
                return error

    async def _read(self, response: httpx2.Response) -> Reply:
        """Take no more than we want to hold, whatever length was announced."""
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > self.settings.http_client_max_bytes:
                log.warning("upstream_too_large", host=response.url.host)
                raise UpstreamError
        return Reply(response.url.host, response.status_code, response.headers, bytes(body))


def may_pass(outcome: Outcome) -> bool:
    """Whether it may be better next time. Who reads slowly, is not helped by more requests."""
    if isinstance(outcome, Reply):
        return outcome.status in PASSING
    return not isinstance(outcome, httpx2.ReadTimeout | httpx2.WriteTimeout)


async def pass_on(request: httpx2.Request) -> None:
    """Send along whose request this is part of, and which trace, if there is one."""
    if request_id := get_contextvars().get("request_id"):
        request.headers["X-Request-ID"] = request_id
    inject(request.headers)


@asynccontextmanager
async def open_http_client(settings: HttpClientSettings) -> AsyncGenerator[HttpClient, None]:
    """Open the pool. It follows no redirects, and keeps no cookies for the next caller."""
    limits = httpx2.Limits(keepalive_expiry=15)  # how many at once, the slots decide
    context, hooks = load_certificates()
    async with httpx2.AsyncClient(
        # Not compressed: what comes is as large as what we then hold.
        headers={"User-Agent": f"{PROJECT.name}/{PROJECT.version}", "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(
            settings.http_client_read_timeout, connect=settings.http_client_connect_timeout
        ),
        transport=httpx2.AsyncHTTPTransport(verify=context, limits=limits),
        mounts=make_proxies(context, limits),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        event_hooks={"request": [pass_on, *hooks]},
    ) as client:
        yield HttpClient(client, settings)
