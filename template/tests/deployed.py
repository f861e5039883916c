"""The service's start with the settings that a deployment gives it."""

import subprocess
import sys
from pathlib import Path

from tests.processes import environment


def refusal(folder: Path, **settings: str) -> str:
    """Return why the service does not start in `folder` with these settings; "" if it does."""
    done = subprocess.run(
        [sys.executable, "-c", "import app.main"],
        cwd=folder,
        env=environment(**{"ENVIRONMENT": "production"} | settings),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stderr.strip().rpartition("\n")[2] if done.returncode else ""
