"""Serves with granian, a server in Rust that speaks HTTP/2 too."""

import multiprocessing
import os
from typing import Annotated

from granian.constants import Interfaces
from granian.http import HTTP1Settings, HTTP2Settings
from granian.server import Server
from pydantic import Field

from app.core.config import SERVE_VARIABLE, Settings
from app.core.settings import EnvSettings
from app.servers import BACKLOG, KEEP_ALIVE_SECONDS, KILL_TIMEOUT_SECONDS, MAX_HEADER_BYTES

# Granian's own handlers would write lines in another format.
LOGGING = {
    "incremental": True,
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"propagate": True}},
}


class ServerSettings(EnvSettings):
    """Settings of this server only."""

    # A process that uses more memory, in MiB, is replaced. 0: never.
    worker_max_memory_mib: Annotated[int, Field(ge=0)] = 0


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    # A forked process would share open connections and metrics with this one.
    multiprocessing.set_start_method("spawn")
    os.environ[SERVE_VARIABLE] = "1"
    kill_timeout = settings.drain_seconds + settings.shutdown_grace_seconds + KILL_TIMEOUT_SECONDS
    Server(
        "app.main:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.web_concurrency,
        workers_kill_timeout=round(kill_timeout),
        # A process that is killed is replaced, unless it fails at its start.
        respawn_failed_workers=True,
        workers_max_rss=ServerSettings.load().worker_max_memory_mib or None,
        backlog=BACKLOG,
        http1_settings=HTTP1Settings(
            header_read_timeout=KEEP_ALIVE_SECONDS * 1000, max_buffer_size=MAX_HEADER_BYTES
        ),
        http2_settings=HTTP2Settings(max_headers_size=MAX_HEADER_BYTES),
        log_access=False,  # the service logs requests itself
        log_dictconfig=LOGGING,
    ).serve()
    return 0
