"""Builds the base images of a Dockerfile without a registry, with buildah and debootstrap.

The uv is that of this environment. Needs root, and a minute or two."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import uv

SUITE = "trixie"
PACKAGES = "python3,python3-venv,ca-certificates"
CERTIFICATES = Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
IN_IMAGE = "/etc/ssl/these-tests.crt"


def can_make() -> bool:
    """Return whether this machine can build them."""
    return os.geteuid() == 0 and all(map(shutil.which, ("buildah", "debootstrap", "unshare")))


def make(dockerfile: Path, folder: Path) -> None:
    """Build the base images of a Dockerfile that do not exist yet."""
    text = dockerfile.read_text()
    (python,) = set(re.findall(r"^FROM (python:\S+)", text, re.MULTILINE))
    (tool,) = set(re.findall(r"--from=(\S+/uv:\S+)", text))
    if not exists(python):
        make_python(python, folder)
    if not exists(tool):
        container = buildah("from", "scratch")
        buildah("copy", container, uv.find_uv_bin(), "/uv")
        commit(container, tool)


def make_python(name: str, folder: Path) -> None:
    """Build a Debian with Python and the CA certificates of this machine."""
    root = folder / SUITE
    command = ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(root)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(root / "var/cache/apt/archives")
    shutil.copy(CERTIFICATES, root / IN_IMAGE.lstrip("/"))
    (root / "usr/bin/python").symlink_to("python3")
    container = buildah("from", "scratch")
    # Without the devices: every run has its own.
    for part in sorted(root.iterdir()):
        if part.name not in {"dev", "proc", "sys"}:
            place(container, part)
    buildah("config", "--env", f"SSL_CERT_FILE={IN_IMAGE}", container)
    commit(container, name)


def place(container: str, part: Path) -> None:
    """Copy a folder, or a link to one as a link, into the image's root."""
    mounted = Path(buildah("mount", container))
    subprocess.run(["cp", "--archive", part, mounted], check=True)


def exists(name: str) -> bool:
    command = ["buildah", "inspect", "--type", "image", name]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def commit(container: str, name: str) -> None:
    buildah("commit", "--quiet", container, name)
    buildah("rm", container)


def buildah(*arguments: str) -> str:
    """Run buildah and return its output."""
    command = ["buildah", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
