"""`python -m dev`: run the service, or a command, with the development servers."""

import os
import signal
import sys
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import FrameType

from app.cli import check_port
from dev.processes import run_in_foreground, run_supervised
from dev.project import LauncherError, say, setting

USAGE = """\
python -m dev serve            start the servers it needs, migrate, serve with reload
python -m dev run COMMAND ...  run a command with DATABASE_URL (and REDIS_URL) set to them"""

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def serve() -> int:
    """Serve until a stop signal and return 0, or the exit code of a failed step."""
    host, port = setting("HOST", "127.0.0.1"), setting("PORT", "8000")
    check_address(host, port)
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    say(f"The API documentation will be at {url}/docs - stop with Ctrl-C")
    if find_spec("dev.accounts"):
        say(import_module("dev.accounts").HINT)
    migrate = [sys.executable, "-m", "app", "migrate"]
    uvicorn = [sys.executable, "-m", "uvicorn", "app.main:app", "--host", host, "--port", port]
    # Open connections, such as WebSockets, must not delay a reload.
    reload = ["--reload", "--reload-dir", "app", "--timeout-graceful-shutdown", "3"]
    try:
        with development() as servers:
            environment = servers | {"LOG_FORMAT": setting("LOG_FORMAT", "console")}
            if failure := run_supervised(migrate, environment):
                return failure
            # A failure does not matter here: the server has the same.
            run_supervised([sys.executable, "-m", "dev.documents", "write"], environment)
            with sidecars(environment):
                return run_supervised(uvicorn + reload, environment)
    except (KeyboardInterrupt, SystemExit):
        return 0


def check_address(host: str, port: str) -> None:
    """Raise `LauncherError` if the port cannot be used, before any server is started."""
    if not port.isdecimal():
        raise LauncherError("PORT must be a number, such as 8000.")
    try:
        check_port(host, int(port))
    except (ValueError, OverflowError) as error:
        raise LauncherError(f"{error}.") from None


def run(command: list[str]) -> int:
    """Run a command and return its exit code."""
    with development() as environment:
        try:
            return run_in_foreground(command, environment)
        except OSError as error:
            raise LauncherError(f"{command[0]} cannot be run: {error.strerror}.") from error


@contextmanager
def development() -> Generator[dict[str, str]]:
    """Start the development servers; yield the environment with their URLs."""
    # Imported late, because it is slow: Ctrl-C must already be handled.
    from dev import database

    with ExitStack() as stack:
        url = stack.enter_context(database.development())
        environment = {**os.environ, "DATABASE_URL": url}
        # By name, since a project may have no such module.
        if find_spec("dev.redis"):
            redis = import_module("dev.redis")
            environment["REDIS_URL"] = stack.enter_context(redis.development())
        yield environment


@contextmanager
def sidecars(environment: Mapping[str, str]) -> Generator[None]:
    """Run the programs that accompany the server: a worker, if the project has jobs."""
    with ExitStack() as stack:
        if find_spec("dev.workers"):
            stack.enter_context(import_module("dev.workers").running_worker(environment))
        yield


def handle_stop_signal(number: int, _frame: FrameType | None) -> None:
    """Exit through an exception, so that all started servers are stopped.

    Further signals are ignored meanwhile: `timeout` and `uv run` may send each one twice.
    """
    for signum in STOP_SIGNALS:
        signal.signal(signum, lambda _signal, _frame: None)
    raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)


def main(arguments: list[str]) -> int:
    """Run the command line and return the exit code."""
    for number in STOP_SIGNALS:  # scripts start this program with SIGINT ignored
        signal.signal(number, handle_stop_signal)
    try:
        match arguments:
            case ["serve"]:
                return serve()
            case ["run", *command] if command:
                return run(command)
        say(USAGE)
        return 2
    except LauncherError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
