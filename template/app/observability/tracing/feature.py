"""Tracing as a feature: set up in each process when it is to work, and off without a collector."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from pkgutil import resolve_name
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import anyio.to_thread
from fastapi import FastAPI

from app.core.feature import Feature
from app.observability.tracing.settings import TracingSettings

# What libraries are traced by, if this project has them.
INSTRUMENTORS = {
    "redis": "opentelemetry.instrumentation.redis:RedisInstrumentor",
    "httpx2": "opentelemetry.instrumentation.httpx:HTTPX2ClientInstrumentor",
}
# Which of these names a call's URL has, OTEL_SEMCONV_STABILITY_OPT_IN decides.
URLS = ("http.url", "url.full")
# What traces jobs, if it has any.
MESSAGES = "app.observability.tracing.messages"


def _setup(app: FastAPI) -> None:
    if TracingSettings.load().otel_exporter_otlp_endpoint:
        from app.observability.tracing.middleware import TraceContextMiddleware

        app.add_middleware(TraceContextMiddleware)


def instrument() -> None:
    """Trace what this process asks of others. They look for the provider when they are used."""
    import app.observability.tracing.sql  # noqa: F401  (listens)

    if find_spec(MESSAGES):
        import_module(MESSAGES)
    for library, name in INSTRUMENTORS.items():
        if find_spec(library):
            instrumentor = resolve_name(name)()
            if not instrumentor.is_instrumented_by_opentelemetry:
                instrumentor.instrument(**HOOKS.get(library, {}))


def hide_secrets(span: Any, _: object) -> None:
    """Leave of the URL that is called what is no secret: not its query, and not its user."""
    attributes = getattr(span, "attributes", None) or {}
    for name in URLS:
        if name in attributes:
            url = urlsplit(attributes[name])
            host = url.netloc.rpartition("@")[2]
            span.set_attribute(name, urlunsplit((url.scheme, host, url.path, "", "")))


async def _hide_secrets(span: Any, call: object) -> None:
    hide_secrets(span, call)


HOOKS = {"httpx2": {"request_hook": hide_secrets, "async_request_hook": _hide_secrets}}


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


tracing = Feature(name="tracing", after=("metrics",), setup=_setup, lifespan=_trace, worker=_trace)
