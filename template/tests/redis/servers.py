"""Redis servers that fail as real ones do."""

import os
import shutil
import signal
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.redis import PROGRAMS, START_ATTEMPTS, Server, launch

PROGRAM = next(filter(None, map(shutil.which, PROGRAMS)), None)


@dataclass(slots=True)
class RedisServer:
    """A server on a port that stays the same."""

    folder: Path
    server: Server

    @classmethod
    def start(cls, folder: Path, port: int = 0) -> "RedisServer":
        """Start a real server if one is installed, else a fake one."""
        for _ in range(START_ATTEMPTS):  # another program may have taken the port
            if server := launch(folder, PROGRAM, port):
                return cls(folder, server)
        raise ChildProcessError((folder / "server.log").read_text())

    @property
    def url(self) -> str:
        """The URL of the server."""
        return self.server.url

    def stop(self) -> None:
        """Kill it: connections are refused from now on."""
        self.server.stop()

    def restart(self) -> None:
        """Start it again, empty."""
        self.stop()
        self.server = self.start(self.folder, self.server.port).server

    @contextmanager
    def frozen(self) -> Generator[None]:
        """Let it accept connections without answering."""
        os.kill(self.server.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.server.pid, signal.SIGCONT)
