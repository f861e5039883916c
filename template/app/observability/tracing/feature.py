"""The feature `tracing`: a provider in each process; disabled without a collector."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit, urlunsplit

import anyio.to_thread
from fastapi import FastAPI
from pydantic import Field, HttpUrl

from app.core.config import PROJECT
from app.core.feature import Feature
from app.core.settings import EnvSettings

# Of libraries that this project may not have.
INSTRUMENTORS = {
    "redis": "opentelemetry.instrumentation.redis:RedisInstrumentor",
    "httpx2": "opentelemetry.instrumentation.httpx:HTTPX2ClientInstrumentor",
}
# The attribute of a URL: which one, OTEL_SEMCONV_STABILITY_OPT_IN decides.
URL_ATTRIBUTES = ("http.url", "url.full")
# In a project with jobs.
CELERY = "app.observability.tracing.celery"


class TracingSettings(EnvSettings):
    """Without `OTEL_EXPORTER_OTLP_ENDPOINT` tracing is disabled."""

    otel_exporter_otlp_endpoint: HttpUrl | None = None
    otel_service_name: str = PROJECT.name
    otel_traces_sampler: Literal[
        "always_on",
        "always_off",
        "traceidratio",
        "parentbased_always_on",
        "parentbased_always_off",
        "parentbased_traceidratio",
    ] = "parentbased_always_on"
    # The ratio of the two `traceidratio`.
    otel_traces_sampler_arg: Annotated[float, Field(ge=0, le=1)] = 1.0

    @property
    def endpoint(self) -> str:
        """The URL of the exporter (OTLP over HTTP)."""
        return f"{str(self.otel_exporter_otlp_endpoint).rstrip('/')}/v1/traces"


def _setup(app: FastAPI) -> None:
    if TracingSettings.load().otel_exporter_otlp_endpoint:
        from app.observability.tracing.provider import RequestSpanMiddleware

        app.add_middleware(RequestSpanMiddleware)


def instrument() -> None:
    """Instrument the libraries. They look up the provider when they are used."""
    import app.observability.tracing.provider  # noqa: F401  (adds its listeners)

    if find_spec(CELERY):
        import_module(CELERY)
    for library, name in INSTRUMENTORS.items():
        if find_spec(library):
            instrumentor = resolve_name(name)()
            if not instrumentor.is_instrumented_by_opentelemetry:
                instrumentor.instrument(**HOOKS.get(library, {}))


def redact_url(span: Any, _: object) -> None:
    """Remove the query and the user from the URL of a call."""
    attributes = getattr(span, "attributes", None) or {}
    for name in URL_ATTRIBUTES:
        if name in attributes:
            url = urlsplit(attributes[name])
            host = url.netloc.rpartition("@")[2]
            span.set_attribute(name, urlunsplit((url.scheme, host, url.path, "", "")))


async def _redact_url(span: Any, call: object) -> None:
    redact_url(span, call)


HOOKS = {"httpx2": {"request_hook": redact_url, "async_request_hook": _redact_url}}


@asynccontextmanager
async def _trace(_: object) -> AsyncGenerator[None, None]:
    settings = TracingSettings.load()
    if settings.otel_exporter_otlp_endpoint is None:
        yield
        return
    from opentelemetry import trace

    from app.observability.tracing.provider import make_provider, shut_down

    provider = make_provider(settings)
    trace.set_tracer_provider(provider)
    instrument()
    try:
        yield
    finally:
        await anyio.to_thread.run_sync(shut_down, provider)


tracing = Feature(
    name="tracing", after=("metrics",), setup=_setup, lifespan=_trace, worker_lifespan=_trace
)
