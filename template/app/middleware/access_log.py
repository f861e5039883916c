"""The access log: a line for each request."""

import json
import logging
import sys
from datetime import UTC, datetime

import structlog
from starlette.types import Scope
from structlog.contextvars import get_contextvars

from app.core.config import Settings
from app.core.logging import log_level
from app.core.routing import route_template

# What JSON has no form for is written as `repr` shows it, as in all other lines.
encode = json.JSONEncoder(default=repr).encode

log = structlog.get_logger("access")


class AccessLog:
    """Writes JSON itself: structlog's processors would cost a third of a simple request."""

    def __init__(self, settings: Settings) -> None:
        self.as_json = settings.log_format == "json"
        self.level = logging.getLevelNamesMapping()[log_level(settings)]

    def write(self, scope: Scope, status: int, seconds: float) -> None:
        """Write the line of a request: the path without the query, which may hold secrets."""
        # Endpoints that are polled set `quiet`.
        quiet = status < 400 and scope["state"].get("quiet")
        level = logging.ERROR if status >= 500 else logging.DEBUG if quiet else logging.INFO
        if level < self.level:
            return
        context = get_contextvars()
        line = {
            "method": scope.get("method", "GET"),
            "path": scope["path"],
            "route": route_template(scope),
            "status": status,
            "duration_ms": round(seconds * 1000, 2),
            "client": (scope.get("client") or (None,))[0],  # none on a Unix socket
            "user_id": context.get("user_id"),
        }
        if not self.as_json:
            log.log(level, "request", **line)
            return
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        name = logging.getLevelName(level).lower()
        line = {"timestamp": now, "level": name, "event": "request", **context, **line}
        # With structlog's lock: its lines are written by other threads too.
        structlog.WriteLogger(sys.stdout).info(encode(line))
