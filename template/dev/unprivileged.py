"""Run programs that refuse to be root, such as PostgreSQL's."""

import functools
import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from dev.project import LauncherError


def execute(command: Sequence[str | Path], directory: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in `directory` to its end, as another user if we are root."""
    user = account()
    prefix = _setpriv(user) if user else ()
    drop = user if user and not prefix else None
    try:
        return subprocess.run(
            [*prefix, *command],
            cwd=directory,
            user=drop and drop.pw_uid,
            group=drop and drop.pw_gid,
            extra_groups=[] if drop else None,
            start_new_session=True,  # Ctrl-C is for us: what we started, we stop in order
            capture_output=True,
            text=True,
            check=False,
        )
    except PermissionError as error:
        raise LauncherError(
            f"{error.filename} does not run as root, and no other user may enter its folder: "
            "install `setpriv` (of util-linux), or be another user than root."
        ) from error


def account() -> pwd.struct_passwd | None:
    """The user to become when we are root, else None."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


@functools.cache
def _setpriv(user: pwd.struct_passwd) -> tuple[str, ...]:
    """The command that changes the user and keeps the right to enter private folders.

    The project or its virtual environment often lies in a folder that only root may enter
    (a home directory, a temporary one), and opening those is not ours to decide. Where the
    command is missing or not allowed, the answer is empty, and such folders do not work.
    """
    command = (
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--securebits=+no_setuid_fixup",  # else access(2), which initdb asks, ignores the right
    )
    if shutil.which("setpriv") is None:
        return ()
    trial = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if trial.returncode == 0 else ()
