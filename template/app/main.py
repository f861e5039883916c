"""Creates the app from the features and routes. This file is yours."""

import gc
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from typing import Any

from fastapi.telemetry import TelemetryConfig

from app.api.docs import add_docs
from app.api.errors import add_error_handlers
from app.api.openapi import add_openapi
from app.api.router import add_routes
from app.core.config import PROJECT, Settings
from app.core.feature import HealthCheck
from app.core.http import is_probe_or_metrics, path_below_root
from app.core.logging import configure_logging
from app.core.settings import check_settings
from app.core.state import AppState, FastAPI
from app.db.migrations import database_health_check
from app.db.session import open_database
from app.features import FEATURES
from app.middleware.stack import add_middleware
from app.servers.shutdown import graceful_shutdown

# FastAPI's own spans of requests: none until OpenTelemetry is set up, by the feature `tracing`.
TELEMETRY = TelemetryConfig(
    metrics=False,
    logs=False,
    operation_spans=False,
    exclude=lambda scope: is_probe_or_metrics(path_below_root(scope)),
)
# What exists when a process starts to serve stays. To go through it again and again would take a
# tenth of the time of a simple request, and hold up all requests for 0.1 s. Tests start many apps.
freeze_once = cache(gc.freeze)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    """Open what the service needs, first to last; close it last to first."""
    state = app.state
    async with AsyncExitStack() as stack:
        state.database = await stack.enter_async_context(open_database(state.settings))
        health_check = database_health_check(state.database.health_engine)
        state.health_checks["database"] = HealthCheck(health_check)
        for feature in FEATURES:
            await stack.enter_async_context(feature.lifespan(app))
            if check := feature.health_check(app):
                state.health_checks[feature.name] = check
        await stack.enter_async_context(graceful_shutdown(state.settings.drain_seconds))
        freeze_once()
        yield


def create_app() -> FastAPI:
    """Create the app from the settings in the environment, or raise `SettingsError`."""
    check_settings()
    settings = Settings.load()
    configure_logging(settings)
    app = FastAPI(**app_metadata(settings), lifespan=lifespan, telemetry=TELEMETRY)
    app.state = AppState(settings)
    add_error_handlers(app)
    add_routes(app)
    add_middleware(app)
    for feature in FEATURES:
        feature.setup(app)
    if settings.serves_docs:
        add_openapi(app)
        add_docs(app)
    return app


def app_metadata(settings: Settings) -> dict[str, Any]:
    """Return what the OpenAPI document says of the service. Its pages are in app/api/docs.py."""
    return {
        "title": settings.project_name,
        "version": PROJECT.version,
        "description": PROJECT.description,
        "contact": {"name": PROJECT.author, "email": PROJECT.email},
        "license_info": PROJECT.license_info,
        "openapi_url": None,
        "docs_url": None,
        "redoc_url": None,
        "swagger_ui_parameters": {"persistAuthorization": True, "displayRequestDuration": True},
        "generate_unique_id_function": lambda route: route.name,
    }


app = create_app()
