"""The workers' own port for Prometheus."""

import os
from collections.abc import Callable, Iterable
from socket import AF_INET6
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from celery.signals import celeryd_init, worker_ready

from app.core.config import Port, Settings
from app.observability.metrics.multiprocess import use_directory
from app.observability.metrics.settings import MetricsSettings, unauthorized

PLAIN = [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")]

log = structlog.get_logger(__name__)


class WorkerMetricsSettings(MetricsSettings):
    """Where the workers are scraped: at HOST, if there is a port. `METRICS_TOKEN` guards it too."""

    worker_metrics_port: Port | None = None


class DualStackServer(WSGIServer):
    """Listens on an IPv6 address; on `::`, for IPv4 as well."""

    address_family = AF_INET6


class QuietHandler(WSGIRequestHandler):
    """Logs no requests."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nobody asks but Prometheus."""


def open_server(host: str, port: int, answer: Callable[..., Iterable[bytes]]) -> WSGIServer:
    """Listen, or raise `OSError`."""
    kind = DualStackServer if ":" in host else WSGIServer
    return make_server(host, port, answer, kind, QuietHandler)


@celeryd_init.connect(weak=False)
def _share(**_: Any) -> None:
    """Set the metrics' directory of all processes, which are forked later."""
    if WorkerMetricsSettings.load().worker_metrics_port:
        use_directory(os.getpid())


@worker_ready.connect(weak=False)
def _listen(**_: Any) -> None:
    """Answer scrapes from a thread. A port that is taken is no reason not to work."""
    settings = WorkerMetricsSettings.load()
    if not settings.worker_metrics_port:
        return
    host, port = Settings.load().host, settings.worker_metrics_port
    try:
        server = open_server(host, port, answer_with(settings))
    except OSError as error:
        log.error("worker_metrics_unavailable", port=port, error=type(error).__name__)
        return
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def answer_with(settings: MetricsSettings) -> Callable[..., Iterable[bytes]]:
    """Make the answer to every request: the series, for those who may read them."""
    from app.observability.metrics import definitions
    from app.observability.metrics.sampler import process_metrics

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        if not settings.admits(authorization):
            headers = unauthorized(authorization).response_headers
            start_response("401 Unauthorized", list(headers.items()))
            return []
        start_response("200 OK", list(PLAIN))  # what it is given, it adds to
        return [definitions.render(process_metrics(os.getpid()))]

    return answer
