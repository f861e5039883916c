"""Errors to a chat: one message for each kind of error in five minutes, from all processes."""

import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from queue import Empty, Full, Queue
from threading import Thread
from typing import Annotated, TypeAlias
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import anyio.to_thread
import structlog
from fastapi import FastAPI
from pydantic import AfterValidator, SecretStr
from starlette.datastructures import State

from app.core.config import Settings
from app.core.failures import Failure, Failures
from app.core.feature import Feature
from app.core.settings import EnvSettings
from app.observability.turns import agree

QUIET_SECONDS = 300.0
TIMEOUT_SECONDS = 5.0
FAREWELL_SECONDS = 2.0
WAITING = 100
# Kinds of errors come from the code, so there are few; nobody should be able to make it many.
KINDS = 1000

Kind: TypeAlias = tuple[str, str]

log = structlog.get_logger(__name__)


def usable(url: SecretStr) -> SecretStr:
    """Refuse what is no URL, without repeating it: whoever has it may post."""
    try:
        parts = urlsplit(url.get_secret_value())
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL like https://hooks.example.com/path") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("must start with https:// or http:// and a host")
    return url


class AlertSettings(EnvSettings):
    """Without `ALERT_WEBHOOK_URL` nobody is told."""

    alert_webhook_url: Annotated[SecretStr, AfterValidator(usable)] | None = None


class Alarm:
    """Sends from a thread, which begins with the first message: no request waits for a chat."""

    def __init__(self, url: SecretStr, settings: Settings) -> None:
        self.url = url
        self.service = f"{settings.project_name} ({settings.environment})"
        self.take_turn = agree()
        self.sent: dict[Kind, float] = {}
        self.held_back: dict[Kind, int] = {}
        self.waiting: Queue[tuple[Kind, int, str] | None] = Queue(WAITING)
        self.thread: Thread | None = None

    def __call__(self, failure: Failure) -> None:
        """Send a message about it, unless its kind was told of a short while ago."""
        kind, now = (failure.type, failure.route), time.monotonic()
        if now - self.sent.get(kind, -QUIET_SECONDS) < QUIET_SECONDS:
            self.held_back[kind] = self.held_back.get(kind, 0) + 1
            return
        if len(self.sent) >= KINDS:
            self.sent.clear()
        self.sent[kind] = now
        more = self.held_back.pop(kind, 0)
        with suppress(Full):
            self.waiting.put_nowait((kind, more, self._describe(failure, more)))
        if self.thread is None:
            self.thread = Thread(target=self._work, name="alerts", daemon=True)
            self.thread.start()

    def _describe(self, failure: Failure, more: int) -> str:
        """Say where to look. The error's own text stays in the log: it may hold secrets."""
        text = f"{self.service}: {failure.type} in {failure.route}"
        text += f", request {failure.request_id}" if failure.request_id else ""
        return f"{text}, and {more} more since the last message" if more else text

    def _work(self) -> None:
        while (entry := self.waiting.get()) is not None:
            kind, more, text = entry
            if wait := self._wait(kind):  # another process has told of it
                self.sent[kind] = time.monotonic() - QUIET_SECONDS + wait
                self.held_back[kind] = self.held_back.get(kind, 0) + more + 1
                continue
            try:
                self._send(text)
            except (OSError, ValueError) as error:  # without its text, which may hold the URL
                status = error.code if isinstance(error, HTTPError) else None
                log.warning("alert_not_sent", error=type(error).__name__, status=status)

    def _wait(self, kind: Kind) -> float:
        """How long others still keep quiet about it, since one of them has told the same chat."""
        name = "\n".join((self.url.get_secret_value(), self.service, *kind))
        try:
            return self.take_turn(sha256(name.encode()).hexdigest(), QUIET_SECONDS)
        except OSError:  # then each tells for itself
            return 0.0

    def _send(self, text: str) -> None:
        # Slack reads `text`, Discord `content`; each passes over the other.
        body = json.dumps({"text": text, "content": text}).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "alerts"}
        request = Request(self.url.get_secret_value(), body, headers)  # noqa: S310  (checked)
        with urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            pass

    def close(self) -> None:
        """Send what waits, but do not wait for long."""
        if self.thread is None:
            return
        with suppress(Empty):
            if self.waiting.full():
                self.waiting.get_nowait()
        self.waiting.put_nowait(None)
        self.thread.join(FAREWELL_SECONDS)


@asynccontextmanager
async def _report(state: State) -> AsyncGenerator[None, None]:
    url = AlertSettings.load().alert_webhook_url
    if url is None:
        yield
        return
    alarm = Alarm(url, Settings.load())
    failures: Failures = state.failures
    failures.listeners.append(alarm)
    try:
        yield
    finally:
        failures.listeners.remove(alarm)
        await anyio.to_thread.run_sync(alarm.close)


def _setup(_: FastAPI) -> None:
    AlertSettings.load()  # so that a bad one ends the process, and not the first error


alerts = Feature(
    name="alerts", setup=_setup, lifespan=lambda app: _report(app.state), worker=_report
)
