"""Serves with uvicorn."""

import signal
from typing import Annotated

import uvicorn
from pydantic import Field
from uvicorn.supervisors import Multiprocess

from app.core.config import Settings
from app.core.settings import EnvSettings
from app.servers import BACKLOG, KEEP_ALIVE_SECONDS, MAX_HEADER_BYTES, MAX_MESSAGE_BYTES


class ServerSettings(EnvSettings):
    """Settings of this server only."""

    # A process is replaced after this many requests, and up to a tenth more. 0: never.
    worker_max_requests: Annotated[int, Field(ge=0)] = 0


class Processes(Multiprocess):
    """Closes the main process's listener at a stop, so that it ends with the last process."""

    def terminate_all(self) -> None:
        """Stop all processes."""
        super().terminate_all()
        for listener in self.sockets:
            listener.close()


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    # Uvicorn raises the signal again after its shutdown; here a clean shutdown exits with 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    config = configure(settings)
    if settings.web_concurrency == 1:
        server = uvicorn.Server(config)
        # A socket that asyncio made would leave out IPv4 for `HOST=::`.
        server.run([config.bind_socket()] if ":" in settings.host else None)
        return 0 if server.started else 1
    Processes(config, [config.bind_socket()]).run()
    return 0


def configure(settings: Settings) -> uvicorn.Config:
    """Translate the settings to uvicorn's."""
    # There is no supervisor that would replace a single process.
    requests = ServerSettings.load().worker_max_requests if settings.web_concurrency > 1 else 0
    return uvicorn.Config(
        "app.main:app",
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency,
        log_config=None,
        access_log=False,  # the service logs requests itself
        proxy_headers=False,  # TRUSTED_PROXIES is used instead
        server_header=False,
        backlog=BACKLOG,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        ws_max_size=MAX_MESSAGE_BYTES,
        limit_max_requests=requests or None,
        limit_max_requests_jitter=requests // 10,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_grace_seconds,
    )
