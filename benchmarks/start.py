"""What it takes to start: the import of the app, and that of its libraries alone."""

import json
import subprocess
from dataclasses import dataclass

from benchmarks.programs import Program

APP = """
import json, sys, time
started = time.process_time()
import app.main
seconds = time.process_time() - started
libraries = [name for name, module in list(sys.modules.items())
             if "site-packages" in (getattr(module, "__file__", None) or "")]
print(json.dumps([seconds, libraries]))
"""
LIBRARIES = """
import json, sys, time
from contextlib import suppress
from importlib import import_module
names = json.loads(sys.stdin.read())
started = time.process_time()
for name in names:
    with suppress(Exception):
        import_module(name)
print(time.process_time() - started)
"""


@dataclass(frozen=True, slots=True)
class Start:
    """The seconds of CPU that imports take: the fewest of several."""

    program: str
    app_seconds: float
    libraries_seconds: float

    @property
    def ratio(self) -> float:
        """How many times as long as its libraries the app takes."""
        return self.app_seconds / self.libraries_seconds


def measure_start(program: Program, times: int) -> Start:
    """Import the app and its libraries, in turn, each in a process of its own."""
    app, libraries = [], []
    for _ in range(times + 1):  # the first one compiles
        seconds, names = json.loads(_run(program, APP, ""))
        app.append(seconds)
        libraries.append(float(_run(program, LIBRARIES, json.dumps(names))))
    return Start(program.name, min(app), min(libraries))


def _run(program: Program, script: str, given: str) -> str:
    done = subprocess.run(  # noqa: S603
        [program.python, "-c", script],
        cwd=program.folder,
        env=program.variables,
        input=given,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.splitlines()[-1]
