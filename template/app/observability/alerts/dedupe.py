"""Deduplicates alerts over all processes of this machine, with a file of timestamps."""

import fcntl
import json
import os
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from tempfile import gettempdir

from app.core.project import PROJECT

SHARED_MEMORY = "/dev/shm"  # noqa: S108  (writable even on a read-only root file system)
FOLDER = Path(SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else gettempdir())
FILE = FOLDER / f"{PROJECT.name}-alerts-{os.getuid()}"


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
