"""Runs several processes of a server whose own process manager cannot drain."""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

SPAWN = multiprocessing.get_context("spawn")
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class ProcessManager:
    """Keeps `count` processes running `work`, until SIGTERM, SIGINT, or the failure of one.

    A process that is killed, by lack of memory for example, is replaced. Each starts with the stop
    signals blocked: `work` must call `handle_stop`, which delivers those that came meanwhile.
    """

    def __init__(
        self, count: int, work: Callable[[], object], close_listener: Callable[[], object]
    ) -> None:
        self.count = count
        self.work = work
        self.close_listener = close_listener
        self.running: list[BaseProcess] = []
        self.stopping = False

    def run(self) -> int:
        """Return 0 after SIGTERM or SIGINT, 1 if a process has failed."""
        for number in STOP_SIGNALS:
            signal.signal(number, self._stop)
        failed = False
        while not self.stopping or self.running:
            self._start_missing()
            wait([process.sentinel for process in self.running])
            ended = [process for process in self.running if process.exitcode is not None]
            self.running = [process for process in self.running if process not in ended]
            if not self.stopping and any((process.exitcode or 0) > 0 for process in ended):
                failed = True
                self._stop()
        return int(failed)

    def _start_missing(self) -> None:
        """Start the processes, and later those that replace others."""
        resource_tracker.ensure_running()  # starting it later would unblock the signals
        while not self.stopping and len(self.running) < self.count:
            before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
            try:
                process = SPAWN.Process(target=self.work)
                process.start()
                self.running.append(process)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _stop(self, _: int = 0, _frame: FrameType | None = None) -> None:
        """Stop all processes. The listener is closed here, to end with the last of them."""
        if not self.stopping:
            self.stopping = True
            self.close_listener()
        for process in self.running:
            process.terminate()


def handle_stop(handler: Callable[[], object]) -> None:
    """Call `handler` on a stop signal, or at once if one came while this process started."""
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: handler())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def ignore_stop() -> None:
    """Ignore stop signals: this process is ending."""
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: None)
