"""How gunicorn runs: the names here are those of its settings."""

import signal
from pathlib import Path
from types import FrameType
from typing import Any

from gunicorn import glogging
from uvicorn_worker import UvicornWorker

from app.core.config import Settings
from app.core.logging import configure_logging
from app.servers import BACKLOG, HEADER_BYTES, KEEP_ALIVE_SECONDS, LAST_SECONDS, MESSAGE_BYTES
from app.servers.gunicorn import ServerSettings

_settings = Settings.load()
_requests = ServerSettings.load().worker_max_requests
configure_logging(_settings)


class Worker(UvicornWorker):
    """Uvicorn, as this service would run it without a manager."""

    CONFIG_KWARGS: dict[str, Any] = {
        "access_log": False,  # ours has the request id
        "proxy_headers": False,  # TRUSTED_PROXIES decides, for every server alike
        "server_header": False,
        "h11_max_incomplete_event_size": HEADER_BYTES,
        "ws_max_size": MESSAGE_BYTES,
        "timeout_graceful_shutdown": _settings.shutdown_grace_seconds,
    }

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop at once on SIGQUIT, which gunicorn sends when Ctrl-C was pressed."""
        signal.raise_signal(signal.SIGINT)


class Logger(glogging.Logger):
    """Leaves its records to the service's own handler."""

    def setup(self, cfg: Any) -> None:
        """Undo what gunicorn sets up: each record is written once, in our form."""
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
# Seconds: after SIGTERM, and for a process whose event loop hangs.
graceful_timeout = round(_settings.drain_seconds + _settings.shutdown_grace_seconds + LAST_SECONDS)
timeout = 60
# The sign of life of each process is a file; it needs no disk, and none may be writable.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
