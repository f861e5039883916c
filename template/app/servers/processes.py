"""Several processes of one server, where the server's own manager knows no drain."""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

SPAWN = multiprocessing.get_context("spawn")  # they share nothing but what they are given


class Processes:
    """Keeps `count` processes at `work`, until it is told to stop or one of them gives up.

    One that is killed, by a lack of memory for one, is replaced.
    """

    def __init__(self, count: int, work: Callable[[], object], leave: Callable[[], object]) -> None:
        self.count = count
        self.work = work
        self.leave = leave
        self.running: list[BaseProcess] = []
        self.stopping = False

    def run(self) -> int:
        """Return 0 if told to stop by SIGTERM or SIGINT, 1 if a process has given up."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        failed = False
        while not self.stopping or self.running:
            self._fill_up()
            wait([process.sentinel for process in self.running])
            ended = [process for process in self.running if process.exitcode is not None]
            self.running = [process for process in self.running if process not in ended]
            if not self.stopping and any((process.exitcode or 0) > 0 for process in ended):
                failed = True
                self._stop()
        return int(failed)

    def _fill_up(self) -> None:
        """Start the processes, and later those in place of others that have served their time."""
        while not self.stopping and len(self.running) < self.count:
            process = SPAWN.Process(target=self.work)
            process.start()
            self.running.append(process)

    def _stop(self, _: int = 0, _frame: FrameType | None = None) -> None:
        """Tell all, and let go of the listener: it must close with the last of them."""
        if not self.stopping:
            self.stopping = True
            self.leave()
        for process in self.running:
            process.terminate()
