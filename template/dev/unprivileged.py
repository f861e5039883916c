"""Run programs that refuse to run as root, such as PostgreSQL's."""

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
    """Run a command in `directory` to its end, as another user if this one is root."""
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
            start_new_session=True,  # Ctrl-C must not reach it
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
    """Return the user to run as if this one is root, else None."""
    if os.geteuid() != 0:
        return None
    with suppress(KeyError):
        return pwd.getpwnam("postgres")
    return pwd.getpwnam("nobody")


@functools.cache
def _setpriv(user: pwd.struct_passwd) -> tuple[str, ...]:
    """Return the command that changes the user and keeps the capability to enter all folders.

    The project or its virtual environment is often in a folder that only root may enter, such
    as a home directory, and its permissions must not change. Empty if the command is missing
    or not permitted; then such folders do not work.
    """
    command = (
        "setpriv",
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--securebits=+no_setuid_fixup",  # else access(2) of initdb ignores the capability
    )
    if shutil.which("setpriv") is None:
        return ()
    check = subprocess.run([*command, "true"], capture_output=True, check=False)
    return command if check.returncode == 0 else ()
