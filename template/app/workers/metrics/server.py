"""The port on which Prometheus scrapes a worker."""

import os
from collections.abc import Callable, Iterable
from socket import AF_INET6
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from celery import signals

from app.core.config import Port, Settings
from app.observability.metrics.feature import MetricsSettings, unauthorized
from app.observability.metrics.multiprocess import use_directory

HEADERS = [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")]

log = structlog.get_logger(__name__)


class WorkerMetricsSettings(MetricsSettings):
    """The workers' port, at `HOST`; without it they are not scraped. `METRICS_TOKEN` guards it."""

    worker_metrics_port: Port | None = None


class DualStackServer(WSGIServer):
    """Listens on an IPv6 address; on `::` for IPv4 as well."""

    address_family = AF_INET6


class QuietHandler(WSGIRequestHandler):
    """Logs no requests."""

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are not worth a line."""


def open_server(host: str, port: int, app: Callable[..., Iterable[bytes]]) -> WSGIServer:
    """Listen, or raise `OSError`."""
    server_class = DualStackServer if ":" in host else WSGIServer
    return make_server(host, port, app, server_class, QuietHandler)


@signals.celeryd_init.connect(weak=False)
def _share_directory(**_: Any) -> None:
    """Set the directory in which the processes, forked later, share their metrics."""
    if WorkerMetricsSettings.load().worker_metrics_port:
        use_directory(os.getpid())


@signals.worker_ready.connect(weak=False)
def _listen(**_: Any) -> None:
    """Serve scrapes from a thread. If the port is taken, the worker runs without."""
    settings = WorkerMetricsSettings.load()
    if not settings.worker_metrics_port:
        return
    host, port = Settings.load().host, settings.worker_metrics_port
    try:
        server = open_server(host, port, metrics_app(settings))
    except OSError as error:
        log.error("worker_metrics_unavailable", port=port, error=type(error).__name__)
        return
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def metrics_app(settings: MetricsSettings) -> Callable[..., Iterable[bytes]]:
    """Make the WSGI app: all metrics, for requests with the token."""
    from app.observability.metrics import definitions
    from app.observability.metrics.endpoint import process_metrics

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        if not settings.admits(authorization):
            headers = unauthorized(authorization).response_headers
            start_response("401 Unauthorized", list(headers.items()))
            return []
        start_response("200 OK", list(HEADERS))  # the server adds to the list
        return [definitions.render(process_metrics(os.getpid()))]

    return app
