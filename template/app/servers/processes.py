"""Several processes of one server, where the server's own manager knows no drain."""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing import resource_tracker
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

SPAWN = multiprocessing.get_context("spawn")  # they share nothing but what they are given
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Processes:
    """Keeps `count` processes at `work`, until it is told to stop or one of them gives up.

    One that is killed, by a lack of memory for one, is replaced. Each starts with the signals to
    stop blocked: `work` must call `listen_for_stop` when its handlers are in place, and hears then
    what has come meanwhile.
    """

    def __init__(self, count: int, work: Callable[[], object], leave: Callable[[], object]) -> None:
        self.count = count
        self.work = work
        self.leave = leave
        self.running: list[BaseProcess] = []
        self.stopping = False

    def run(self) -> int:
        """Return 0 if told to stop by SIGTERM or SIGINT, 1 if a process has given up."""
        for number in STOP_SIGNALS:
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
        resource_tracker.ensure_running()  # starting it later would unblock the signals
        while not self.stopping and len(self.running) < self.count:
            heard = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
            try:
                process = SPAWN.Process(target=self.work)
                process.start()
                self.running.append(process)
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, heard)

    def _stop(self, _: int = 0, _frame: FrameType | None = None) -> None:
        """Tell all, and let go of the listener: it must close with the last of them."""
        if not self.stopping:
            self.stopping = True
            self.leave()
        for process in self.running:
            process.terminate()


def listen_for_stop(handler: Callable[[], object]) -> None:
    """Call `handler` when this process is told to stop, or has been told while it started."""
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: handler())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


def ignore_stop() -> None:
    """Take no notice any more: this process is ending."""
    for number in STOP_SIGNALS:
        signal.signal(number, lambda *_: None)
