"""Configures logging: one JSON object a line on stdout, or coloured lines for a terminal."""

import logging
import os
import sys

import structlog
from structlog.typing import EventDict, Processor

from app.core.config import Settings

# Loggers of libraries that repeat what the request log says.
QUIET = ("alembic.runtime.plugins", "httpx2", "uvicorn.access", "watchfiles")
JSON_RENDERERS = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def configure_logging(settings: Settings) -> None:
    """Send all records, of libraries too, through the same processors to stdout."""
    level = log_level(settings)
    console = settings.log_format == "console"
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console),
    ]
    final = _console_renderers() if console else JSON_RENDERERS
    structlog.configure(
        processors=[*shared, *final],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(),
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    _reset_libraries()


def log_level(settings: Settings) -> str:
    """Return the name of the lowest level that is logged."""
    return "DEBUG" if settings.debug else settings.log_level.upper()


def _console_renderers() -> list[Processor]:
    # Tracebacks without the values of variables: these hold passwords, and fill the screen.
    plain = structlog.dev.plain_traceback
    colors = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return [
        shorten_request,
        structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain),
    ]


def shorten_request(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Start a request's line with method, path and status: `GET /api/v1/books 200 in 12 ms`."""
    if line.get("event") == "request" and "route" in line:
        milliseconds = round(line.pop("duration_ms"))
        summary = f"{line.pop('method')} {line.pop('path')} {line.pop('status')}"
        line["event"] = f"{summary} in {milliseconds} ms"
        for name in ("route", "client"):
            del line[name]
    return {name: value for name, value in line.items() if value is not None}


def _reset_libraries() -> None:
    """Remove the handlers that servers install, so that each record is written once."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
