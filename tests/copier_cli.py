"""Copier's command line, as fast as in other tests: `python -m tests.copier_cli copy ...`."""

import pytest
from copier._cli import CopierApp

from tests.rendering import accelerate

if __name__ == "__main__":
    accelerate(pytest.MonkeyPatch())
    CopierApp.run()
