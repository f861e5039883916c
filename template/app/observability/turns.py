"""Who tells of something: of all processes one, once in a while.

They agree in Redis if they have one that answers, else in a file, each machine for itself.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir

from app.core.project import PROJECT

MEMORY = "/dev/shm"  # noqa: S108  (writable even where the root is not)
# When each was told of last. Others could tell by it what goes wrong here, so it is ours alone.
FOLDER = Path(MEMORY if os.access(MEMORY, os.W_OK) else gettempdir())
FILE = FOLDER / f"{PROJECT.name}-alerts-{os.getuid()}"

# If this project has a Redis.
IN_REDIS = "app.observability.turns_in_redis"


def agree() -> Callable[[str, float], float]:
    """Choose how: the function returns 0 if this process is to tell, else the seconds to wait."""
    elsewhere = import_module(IN_REDIS).agree() if find_spec(IN_REDIS) else None
    return elsewhere or take_turn_here


def take_turn_here(name: str, seconds: float) -> float:
    """Take a turn of those on this machine."""
    with os.fdopen(os.open(FILE, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as file:
        if os.fstat(file.fileno()).st_uid != os.getuid():
            raise PermissionError(f"{FILE} belongs to somebody else")
        fcntl.flock(file, fcntl.LOCK_EX)
        now = time.time()
        told: dict[str, float] = {}
        with suppress(ValueError):  # nobody has written yet, or not to the end
            told = json.loads(file.read())
        turns = {key: at for key, at in told.items() if 0 <= now - at < seconds}
        if name in turns:
            return seconds - (now - turns[name])
        file.seek(0)
        file.truncate()
        json.dump(turns | {name: now}, file)
    return 0.0
