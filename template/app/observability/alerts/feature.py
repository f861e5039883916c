"""Alerts: errors to a chat webhook, one message in five minutes for each type and route."""

import fcntl
import json
import os
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated, TypeAlias
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import anyio.to_thread
import structlog
from pydantic import AfterValidator, SecretStr

from app.core.background_thread import BackgroundThread
from app.core.config import PROJECT, Settings
from app.core.error_reporting import ErrorReport
from app.core.feature import Feature
from app.core.settings import EnvSettings
from app.core.state import AppState

SHARED_MEMORY = "/dev/shm"  # noqa: S108  (writable even on a read-only root file system)
FOLDER = Path(SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else gettempdir())
FILE = FOLDER / f"{PROJECT.name}-alerts-{os.getuid()}"

INTERVAL_SECONDS = 300.0
REQUEST_TIMEOUT_SECONDS = 5.0
SHUTDOWN_TIMEOUT_SECONDS = 2.0
QUEUE_SIZE = 100
# Types and routes come from the code, so there are few. This bounds the memory all the same.
MAX_KEYS = 1000

# The type of the error and the route.
AlertKey: TypeAlias = tuple[str, str]

log = structlog.get_logger(__name__)


def acquire(key: str, seconds: float) -> float:
    """Return 0 to the first caller in `seconds`, and to all others the seconds that remain.

    Raises `OSError` if the file cannot be used. Only its owner may read it, for the times of
    alerts are confidential too; keys are hashed, since they hold the URL.
    """
    name = sha256(key.encode()).hexdigest()
    with os.fdopen(os.open(FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as file:
        if os.fstat(file.fileno()).st_uid != os.getuid():
            raise PermissionError(f"{FILE} belongs to another user")
        fcntl.flock(file, fcntl.LOCK_EX)
        now = time.time()
        stored: dict[str, float] = {}
        with suppress(ValueError):  # the file is new, or was not written to the end
            stored = json.loads(file.read())
        recent = {other: at for other, at in stored.items() if 0 <= now - at < seconds}
        if name in recent:
            return seconds - (now - recent[name])
        file.seek(0)
        file.truncate()
        json.dump(recent | {name: now}, file)
    return 0.0


def check_webhook_url(url: SecretStr) -> SecretStr:
    """Refuse an invalid URL, without repeating it: the URL is all it takes to post."""
    try:
        parts = urlsplit(url.get_secret_value())
        _ = parts.port
    except ValueError:
        raise ValueError("is not a URL like https://hooks.example.com/path") from None
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("must start with https:// or http:// and a host")
    return url


class AlertSettings(EnvSettings):
    """Without `ALERT_WEBHOOK_URL` no alerts are sent."""

    alert_webhook_url: Annotated[SecretStr, AfterValidator(check_webhook_url)] | None = None


class WebhookAlerter:
    """Posts errors to Slack or Discord from a background thread, so that no request waits."""

    def __init__(self, url: SecretStr, settings: Settings) -> None:
        self.url = url.get_secret_value()
        self.service = f"{settings.project_name} ({settings.environment})"
        self.sent_at: dict[AlertKey, float] = {}
        self.suppressed: dict[AlertKey, int] = {}
        self.thread = BackgroundThread("alerts", QUEUE_SIZE)

    def __call__(self, failure: ErrorReport) -> None:
        """Send an alert, unless one with the same key was sent within the interval."""
        key, now = (failure.type, failure.route), time.monotonic()
        if now - self.sent_at.get(key, -INTERVAL_SECONDS) < INTERVAL_SECONDS:
            self.suppressed[key] = self.suppressed.get(key, 0) + 1
            return
        if len(self.sent_at) >= MAX_KEYS:
            self.sent_at.clear()
        self.sent_at[key] = now
        self.thread.submit(self._send, key, failure.request_id, self.suppressed.pop(key, 0))

    def _send(self, key: AlertKey, request_id: str, suppressed: int) -> None:
        wait = 0.0
        with suppress(OSError):  # without a shared file, each process sends its own alerts
            wait = acquire("\n".join((self.url, self.service, *key)), INTERVAL_SECONDS)
        if wait:  # another process has sent it
            self.sent_at[key] = time.monotonic() - INTERVAL_SECONDS + wait
            self.suppressed[key] = self.suppressed.get(key, 0) + suppressed + 1
            return
        # The error's message stays in the log: it may hold secrets.
        text = f"{self.service}: {key[0]} in {key[1]}"
        text += f", request {request_id}" if request_id else ""
        text += f", and {suppressed} more since the last message" if suppressed else ""
        try:
            self._post(text)
        except (OSError, ValueError, HTTPException) as error:  # its text may hold the URL
            status = error.code if isinstance(error, HTTPError) else None
            log.warning("alert_not_sent", error=type(error).__name__, status=status)

    def _post(self, text: str) -> None:
        # Slack reads `text`, Discord `content`; each ignores the other.
        body = json.dumps({"text": text, "content": text}).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "alerts"}
        request = Request(self.url, body, headers)  # noqa: S310  (the scheme was checked)
        with urlopen(request, timeout=REQUEST_TIMEOUT_SECONDS):  # noqa: S310
            pass


@asynccontextmanager
async def _report(state: AppState) -> AsyncGenerator[None, None]:
    url = AlertSettings.load().alert_webhook_url
    if url is None:
        yield
        return
    alerter = WebhookAlerter(url, Settings.load())
    state.error_reporters.listeners.append(alerter)
    try:
        yield
    finally:
        state.error_reporters.listeners.remove(alerter)
        await anyio.to_thread.run_sync(alerter.thread.close, SHUTDOWN_TIMEOUT_SECONDS)


alerts = Feature(name="alerts", lifespan=lambda app: _report(app.state), worker_lifespan=_report)
