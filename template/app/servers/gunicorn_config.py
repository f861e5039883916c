"""Gunicorn's configuration: the names are those of its settings."""

import signal
from pathlib import Path
from types import FrameType
from typing import Any

from gunicorn import glogging
from uvicorn_worker import UvicornWorker

from app.core.config import Settings
from app.core.logging import configure_logging
from app.servers import (
    BACKLOG,
    KEEP_ALIVE_SECONDS,
    KILL_TIMEOUT_SECONDS,
    MAX_HEADER_BYTES,
    MAX_MESSAGE_BYTES,
)
from app.servers.gunicorn import ServerSettings

_settings = Settings.load()
_requests = ServerSettings.load().worker_max_requests
configure_logging(_settings)


class Worker(UvicornWorker):
    """Uvicorn, with the settings of a server of its own."""

    CONFIG_KWARGS: dict[str, Any] = {
        "access_log": False,  # the service logs requests itself
        "proxy_headers": False,  # TRUSTED_PROXIES is used instead
        "server_header": False,
        "h11_max_incomplete_event_size": MAX_HEADER_BYTES,
        "ws_max_size": MAX_MESSAGE_BYTES,
        "timeout_graceful_shutdown": _settings.shutdown_grace_seconds,
    }

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at once on SIGQUIT, which gunicorn sends when Ctrl-C was pressed."""
        signal.raise_signal(signal.SIGINT)


class Logger(glogging.Logger):
    """Passes its records to the root logger."""

    def setup(self, cfg: Any) -> None:
        """Remove gunicorn's handlers: each record is written once, in the service's format."""
        super().setup(cfg)
        self.error_log.handlers.clear()
        self.error_log.propagate = True


_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host
bind = f"{_host}:{_settings.port}"
workers = _settings.web_concurrency
worker_class = Worker
logger_class = Logger
backlog = BACKLOG
keepalive = KEEP_ALIVE_SECONDS
max_requests = _requests
max_requests_jitter = _requests // 10
# Seconds: of the shutdown, and until a process whose event loop hangs is killed.
graceful_timeout = round(
    _settings.drain_seconds + _settings.shutdown_grace_seconds + KILL_TIMEOUT_SECONDS
)
timeout = 60
# For heartbeat files; in memory, since the disk may be read-only.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
