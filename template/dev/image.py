"""`python -m dev.image`: build the image, and try it as it will be run."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from dev import database
from dev.engines import Container, find_engine
from dev.processes import free_port
from dev.project import LauncherError, say, uses_postgresql

USAGE = """\
python -m dev.image build [OPTION ...]   build it; options go to docker, podman or buildah
python -m dev.image test  [OPTION ...]   build it, migrate, serve, ask for its health, stop it

IMAGE_TAG names it (default: app:test), CONTAINER_ENGINE says who builds it."""

START_SECONDS, STOP_SECONDS = 60, 60
COMPILERS = ("cc", "gcc", "c++", "make", "uv")
# Stopped by SIGTERM: in order, or by the signal itself.
STOPPED = {0, 143, -15}


def build(options: Sequence[str]) -> str:
    """Build the image and return its name."""
    tag = os.environ.get("IMAGE_TAG", "app:test")
    with step(f"build {tag}"):
        find_engine().build(tag, options)
    return tag


def test(options: Sequence[str]) -> None:
    """Build the image, and take it through a life. Raises `LauncherError` at what goes wrong."""
    tag = build(options)
    engine = find_engine()
    config = engine.config(tag)
    with tempfile.TemporaryDirectory() as folder, storage(Path(folder)) as url:
        settings = {
            "DATABASE_URL": url,
            "PORT": str(free_port()),
            "HOST": "127.0.0.1",
            "SECRET_KEY": secrets.token_urlsafe(48),
            "SHUTDOWN_DRAIN_SECONDS": "1",
        }
        with engine.container(tag, Path(folder)) as container:
            inspect(container)
            with step("migrate"):
                succeed(container.command(["python", "-m", "app", "migrate"], settings))
            live(container, config["Cmd"], config["Healthcheck"]["Test"][1:], settings)


def inspect(container: Container) -> None:
    """Look at what must not be there: root's rights, a writable root, compilers."""
    with step("user, read-only root, no compiler"):
        user = output(container.command(["id", "-u"], {}))
        expect(user == "10001", f"it runs as user {user}")
        fails(container, ["touch", "/app/written"], "its root can be written to")
        succeed(container.command(["touch", "/tmp/written", "/data/written"], {}))  # noqa: S108
        for name in COMPILERS:
            fails(container, ["sh", "-c", f"command -v {name}"], f"it contains {name}")


def live(
    container: Container, command: list[str], check: list[str], settings: dict[str, str]
) -> None:
    """Serve until ready, be found healthy, and stop."""
    url = f"http://127.0.0.1:{settings['PORT']}/health"
    with subprocess.Popen(container.command(command, settings)) as service:
        try:
            with step("serve until ready"):
                wait(service, f"{url}/ready")
            with step("health"):
                expect(answer(url) == 200, f"{url} does not answer 200")
                succeed(container.command(check, settings))
            with step("stop by SIGTERM"):
                service.terminate()
                code = service.wait(STOP_SECONDS)
            expect(code in STOPPED, f"it stopped with {code}")
            say(f"  exit code {code}")
            fails(container, check, "its health check finds it healthy when it is gone", settings)
        finally:
            service.kill()


@contextmanager
def storage(folder: Path) -> Generator[str]:
    """Yield a database that the image can reach, and that tests may fill."""
    folder.chmod(0o777)  # the image's user is another one
    if not uses_postgresql():
        yield "sqlite:////data/test.db"
        return
    with database.testing() as url:
        yield url


@contextmanager
def step(name: str) -> Generator[None]:
    """Say what is done, and how long it took."""
    say(f"- {name}")
    begun = time.monotonic()
    yield
    say(f"  {time.monotonic() - begun:.1f} s")


def wait(service: subprocess.Popen[bytes], url: str) -> None:
    """Wait until it answers 200."""
    end = time.monotonic() + START_SECONDS
    while answer(url) != 200:
        expect(service.poll() is None, f"it ended with {service.returncode}")
        expect(time.monotonic() < end, f"{url} does not answer 200 in {START_SECONDS} s")
        time.sleep(0.1)


def answer(url: str) -> int | None:
    """Ask and return the status."""
    try:
        with urlopen(url, timeout=5) as response:  # noqa: S310
            return response.status
    except URLError as error:
        return getattr(error, "code", None)
    except OSError:
        return None


def succeed(command: list[str]) -> None:
    """Run to the end, which must be a success."""
    code = subprocess.run(command, check=False, timeout=START_SECONDS).returncode
    expect(code == 0, f"{command[-3:]} failed with {code}")


def fails(
    container: Container, program: list[str], complaint: str, settings: Mapping[str, str] = {}
) -> None:
    """Run what must not succeed."""
    command = container.command(program, settings)
    expect(subprocess.run(command, check=False, capture_output=True).returncode != 0, complaint)


def output(command: list[str]) -> str:
    """Run to the end and return what it says."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def expect(fact: bool, otherwise: str) -> None:
    """Go on only if it is so."""
    if not fact:
        raise LauncherError(f"The image is not fit: {otherwise}.")


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit code."""
    commands = {"build": build, "test": test}
    try:
        match arguments:
            case [name, *options] if name in commands:
                commands[name](options)
                return 0
        say(USAGE)
        return 2
    except LauncherError as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
