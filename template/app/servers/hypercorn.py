"""Serves with hypercorn, a server in Python that speaks HTTP/2 too."""

import asyncio
import logging
import sys
from functools import partial
from importlib import import_module
from typing import Annotated, Any

import uvloop
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config, Sockets
from pydantic import Field

from app.core.config import Settings
from app.core.settings import EnvSettings
from app.servers import (
    BACKLOG,
    KEEP_ALIVE_SECONDS,
    KILL_TIMEOUT_SECONDS,
    MAX_HEADER_BYTES,
    MAX_MESSAGE_BYTES,
)
from app.servers.hypercorn_patches import DrainBodyMiddleware, patch_protocols
from app.servers.process_manager import ProcessManager, handle_stop, ignore_stop


class ServerSettings(EnvSettings):
    """Settings of this server only."""

    # A process is replaced after this many requests, and up to a tenth more. 0: never.
    worker_max_requests: Annotated[int, Field(ge=0)] = 0


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    config = configure(settings)
    sockets = config.create_sockets()
    if settings.web_concurrency == 1:
        work(config, sockets)
        return 0
    [listener] = sockets.insecure_sockets
    work_here = partial(work, config, sockets)
    return ProcessManager(settings.web_concurrency, work_here, listener.close).run()


def configure(settings: Settings) -> Config:
    """Translate the settings to hypercorn's."""
    requests = ServerSettings.load().worker_max_requests if settings.web_concurrency > 1 else 0
    config = Config()
    config.bind = f"{settings.host}:{settings.port}"
    # Through the root logger. The access log is off: the service logs requests itself.
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.backlog = BACKLOG
    config.h11_max_incomplete_size = config.h2_max_header_list_size = MAX_HEADER_BYTES
    config.websocket_max_message_size = MAX_MESSAGE_BYTES
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    # With a limit, requests of an HTTP/2 connection that come after it are not answered.
    config.keep_alive_max_requests = sys.maxsize
    config.graceful_timeout = settings.shutdown_grace_seconds
    config.max_requests = requests or None
    config.max_requests_jitter = requests // 10
    return config


def work(config: Config, sockets: Sockets) -> None:
    """Serve in this process."""
    patch_protocols()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(config, sockets))


async def run(config: Config, sockets: Sockets) -> None:
    """Serve until SIGTERM or SIGINT, then finish the running requests."""
    app: Any = DrainBodyMiddleware(import_module("app.main").app)
    loop, stopping = asyncio.get_running_loop(), asyncio.Event()
    handle_stop(lambda: loop.call_soon_threadsafe(stopping.set))
    serving = asyncio.create_task(
        worker_serve(ASGIWrapper(app), config, sockets=sockets, shutdown_trigger=stopping.wait)
    )
    stop = asyncio.create_task(stopping.wait())
    await asyncio.wait({serving, stop}, return_when=asyncio.FIRST_COMPLETED)
    # From Python 3.12 on, it waits for the last connection without a time limit.
    await asyncio.wait({serving}, timeout=config.graceful_timeout + KILL_TIMEOUT_SECONDS)
    ignore_stop()  # the handlers' loop closes
    if serving.done():
        serving.result()
