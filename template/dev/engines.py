"""What builds and runs images: docker, podman, or buildah where neither of them can work."""

import json
import os
import shutil
import subprocess
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from dev.project import ROOT, LauncherError

# Sees what a container sees whose root is read-only: all of it, but /tmp and the volumes.
READ_ONLY = """
set -e
root=$1 user=$2 volume=$3; shift 3
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$volume" "$root/data"
exec chroot --userspec="$user" "$root" "$@"
"""


class Engine(Protocol):
    """One way to work with images. Containers share this machine's network."""

    def build(self, tag: str, options: Sequence[str]) -> None:
        """Build the image from this project. `options` go to the builder as they are."""

    def config(self, tag: str) -> dict[str, Any]:
        """Return the image's configuration, under docker's names."""

    @contextmanager
    def container(self, tag: str, volume: Path) -> Generator["Container"]:
        """Yield what runs programs in the image, with `volume` as /data."""
        ...


class Container(Protocol):
    """Makes the command line of a program that runs in the image, with a read-only root."""

    def command(self, program: Sequence[str], settings: Mapping[str, str]) -> list[str]:
        """The program is the child itself: it gets our signals, and its exit code is ours."""
        ...


def find_engine() -> Engine:
    """Take `CONTAINER_ENGINE`, or the first that works here."""
    engines: dict[str, Engine] = {
        "docker": Daemon("docker"),
        "podman": Daemon("podman"),
        "buildah": Buildah(),
    }
    wanted = os.environ.get("CONTAINER_ENGINE")
    for name in [wanted] if wanted else engines:
        if name in engines and shutil.which(name) and _succeeds(name, "info"):
            return engines[name]
    raise LauncherError(f"{wanted or 'None of docker, podman and buildah'} does not work here.")


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _call(*command: str | Path) -> None:
    if code := subprocess.run(command, check=False, cwd=ROOT).returncode:
        raise LauncherError(f"`{' '.join(map(str, command))}` failed with {code}.")


def _ask(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Daemon:
    """Docker, or podman, which understands the same."""

    def __init__(self, name: str) -> None:
        self.name = name

    def build(self, tag: str, options: Sequence[str]) -> None:
        """Build with health checks, which podman's own format leaves out."""
        form = ["--format", "docker"] if self.name == "podman" else []
        _call(self.name, "build", *form, "--tag", tag, *options, ROOT)

    def config(self, tag: str) -> dict[str, Any]:
        """Return the image's configuration."""
        found = json.loads(_ask(self.name, "image", "inspect", tag))[0]
        return {"Healthcheck": found.get("Healthcheck"), **found["Config"]}

    @contextmanager
    def container(self, tag: str, volume: Path) -> Generator["DaemonContainer"]:
        """Each program gets a container of its own."""
        yield DaemonContainer(self.name, tag, volume)


class DaemonContainer:
    """A container a program."""

    def __init__(self, name: str, tag: str, volume: Path) -> None:
        self.options = ["--rm", "--read-only", "--tmpfs", "/tmp", "--network", "host"]  # noqa: S108
        self.options += ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"]
        self.options += ["--volume", f"{volume}:/data:z"]
        self.name, self.tag = name, tag

    def command(self, program: Sequence[str], settings: Mapping[str, str]) -> list[str]:
        """Docker's client passes signals on."""
        values = [part for pair in settings.items() for part in ("--env", "=".join(pair))]
        return [self.name, "run", *self.options, *values, self.tag, *program]


class Buildah:
    """For machines where no container can be started, as within one: a chroot, as root."""

    def build(self, tag: str, options: Sequence[str]) -> None:
        """Build without namespaces, and with health checks."""
        own = ["--isolation", "chroot", "--network", "host", "--format", "docker"]
        _call("buildah", "bud", *own, "--tag", tag, *options, ROOT)

    def config(self, tag: str) -> dict[str, Any]:
        """Return the image's configuration."""
        return json.loads(_ask("buildah", "inspect", "--type", "image", tag))["Docker"]["config"]

    @contextmanager
    def container(self, tag: str, volume: Path) -> Generator["Chroot"]:
        """Mount the image for as long as it is used."""
        if os.geteuid() != 0:
            raise LauncherError("With buildah alone, running the image takes root.")
        name = _ask("buildah", "from", "--pull-never", tag)
        try:
            yield Chroot(_ask("buildah", "mount", name), self.config(tag), volume)
        finally:
            _call("buildah", "rm", name)


class Chroot:
    """The image's files, and as much of its configuration as programs depend on."""

    def __init__(self, root: str, config: dict[str, Any], volume: Path) -> None:
        self.start = ["unshare", "--mount", "sh", "-c", READ_ONLY, "sh"]
        self.start += [root, config["User"], str(volume)]
        self.environment = ["env", "-i", "-C", config["WorkingDir"], *config["Env"]]

    def command(self, program: Sequence[str], settings: Mapping[str, str]) -> list[str]:
        """Every step replaces the one before, so that the program is the child."""
        values = ["=".join(pair) for pair in settings.items()]
        return [*self.start, *self.environment, *values, *program]
