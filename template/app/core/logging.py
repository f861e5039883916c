"""Logs: one JSON object a line on stdout, or coloured lines for people."""

import logging
import os
import sys

import structlog
from structlog.typing import EventDict, Processor

from app.core.config import Settings

# The libraries' chatter that says nothing the access log does not say.
QUIET = ("alembic.runtime.plugins", "httpx2", "uvicorn.access", "watchfiles")


def configure_logging(settings: Settings) -> None:
    """Send our own and every library's records through the same processors to stdout."""
    level = "DEBUG" if settings.debug else settings.log_level.upper()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        _timestamper(settings),
    ]
    final = _renderers(settings)
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
    _tame_libraries()


def _timestamper(settings: Settings) -> Processor:
    if settings.log_format == "console":
        return structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
    return structlog.processors.TimeStamper(fmt="iso", utc=True)


def _renderers(settings: Settings) -> list[Processor]:
    if settings.log_format == "console":
        # Tracebacks without the values of variables: these hold passwords, and fill the screen.
        plain = structlog.dev.plain_traceback
        colors = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        renderer = structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=plain)
        return [shorten_request, renderer]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def shorten_request(_logger: object, _method: str, line: EventDict) -> EventDict:
    """Put what a person looks for first: `GET /api/v1/items 200 in 12 ms`."""
    if line.get("event") == "request" and "route" in line:
        milliseconds = round(line.pop("duration_ms"))
        what = f"{line.pop('method')} {line.pop('path')} {line.pop('status')}"
        line["event"] = f"{what} in {milliseconds} ms"
        for name in ("route", "client"):
            del line[name]
    return {name: value for name, value in line.items() if value is not None}


def _tame_libraries() -> None:
    """Undo the handlers that servers install, so that each record is written once."""
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
