"""hypercorn, a server in Python that speaks HTTP/2 too."""

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
from app.servers import BACKLOG, HEADER_BYTES, KEEP_ALIVE_SECONDS, LAST_SECONDS, MESSAGE_BYTES
from app.servers.bounded_stream import bound_messages
from app.servers.hypercorn_protocols import use_protocols
from app.servers.processes import Processes, ignore_stop, listen_for_stop
from app.servers.reading_on import ReadingOn


class ServerSettings(EnvSettings):
    """What only this server knows."""

    # A process is replaced after so many requests, and up to a tenth more. 0: never.
    worker_max_requests: Annotated[int, Field(ge=0)] = 0


def serve(settings: Settings) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    config = configure(settings)
    sockets = config.create_sockets()
    if settings.web_concurrency == 1:
        work(config, sockets)
        return 0
    [listener] = sockets.insecure_sockets
    return Processes(settings.web_concurrency, partial(work, config, sockets), listener.close).run()


def configure(settings: Settings) -> Config:
    """Say the settings in hypercorn's words."""
    requests = ServerSettings.load().worker_max_requests if settings.web_concurrency > 1 else 0
    config = Config()
    config.bind = f"{settings.host}:{settings.port}"
    # Its text goes where all logs go. The access log, which is off, is ours.
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.backlog = BACKLOG
    config.h11_max_incomplete_size = config.h2_max_header_list_size = HEADER_BYTES
    config.websocket_max_message_size = MESSAGE_BYTES
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    # Over HTTP/2 it would leave the requests after the last unanswered.
    config.keep_alive_max_requests = sys.maxsize
    config.graceful_timeout = settings.shutdown_grace_seconds
    config.max_requests = requests or None
    config.max_requests_jitter = requests // 10
    return config


def work(config: Config, sockets: Sockets) -> None:
    """Serve in this process."""
    bound_messages()
    use_protocols()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(config, sockets))


async def run(config: Config, sockets: Sockets) -> None:
    """Serve until told to stop, and then until the running requests are done."""
    app: Any = ReadingOn(import_module("app.main").app)
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    listen_for_stop(lambda: loop.call_soon_threadsafe(told.set))
    serving = asyncio.create_task(
        worker_serve(ASGIWrapper(app), config, sockets=sockets, shutdown_trigger=told.wait)
    )
    stopping = asyncio.create_task(told.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    # From Python 3.12 on, it would wait for the last connection without an end.
    await asyncio.wait({serving}, timeout=config.graceful_timeout + LAST_SECONDS)
    ignore_stop()  # the loop, which would be told, closes
    if serving.done():
        serving.result()
