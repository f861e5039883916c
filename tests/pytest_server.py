"""Runs a project's tests many times, each in a fork of a process with its libraries imported.

It is run with the project's own Python: `python pytest_server.py LIBRARY...`. Each line that it
reads is a JSON list, a file for the output and the arguments for pytest; it answers with the exit
code.
Importing the libraries takes longer than most tests.
"""

import importlib
import json
import os
import signal
import sys
from pathlib import Path

import pytest

LIMIT = 900  # seconds for one run


def run(output: str, arguments: list[str]) -> int:
    """Run pytest in a fork, and return its exit code."""
    if child := os.fork():
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)
    signal.alarm(LIMIT)
    file = os.open(output, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(file, stream)
    code = pytest.main(arguments)
    sys.stdout.flush()
    os._exit(code)


def main() -> None:
    """Import the libraries, then run tests on request."""
    sys.path.insert(0, str(Path.cwd()))  # as `python -m pytest` does
    for library in sys.argv[1:]:
        importlib.import_module(library)
    for line in sys.stdin:
        output, *arguments = json.loads(line)
        print(run(output, arguments), flush=True)


if __name__ == "__main__":
    main()
