"""Compiled modules are shared by environments that have the same files, and by no others."""

import os
import py_compile
import time
from pathlib import Path

import pytest

from tests.bytecode import Bytecode

MODULES = ".venv/lib/python3.11/site-packages/tea"


@pytest.fixture
def brewed(tmp_path: Path) -> Path:
    """Return a module of an installed project, which has been imported."""
    module = tmp_path / "one" / MODULES / "cup.py"
    module.parent.mkdir(parents=True)
    module.write_text("SUGAR = 1\n")
    py_compile.compile(str(module))
    return module


def test_an_environment_with_a_link_to_the_same_file_gets_it(brewed: Path, tmp_path: Path) -> None:
    bytecode, other = Bytecode(tmp_path / "kept"), tmp_path / "two" / MODULES
    other.mkdir(parents=True)
    os.link(brewed, other / "cup.py")

    assert bytecode.keep(tmp_path / "one") == 1
    assert bytecode.link(tmp_path / "two") == 1

    [linked] = (other / "__pycache__").iterdir()
    assert linked.samefile(next((brewed.parent / "__pycache__").iterdir()))
    assert (bytecode.keep(tmp_path / "two"), bytecode.link(tmp_path / "two")) == (0, 0)


def test_a_file_of_its_own_or_that_was_changed_gets_none(brewed: Path, tmp_path: Path) -> None:
    bytecode, other = Bytecode(tmp_path / "kept"), tmp_path / "two" / MODULES
    other.mkdir(parents=True)
    (other / "cup.py").write_text("SUGAR = 2\n")
    bytecode.keep(tmp_path / "one")

    assert bytecode.link(tmp_path / "two") == 0

    os.utime(brewed, (time.time(), time.time() - 9))
    (next((brewed.parent / "__pycache__").iterdir())).unlink()
    assert bytecode.link(tmp_path / "one") == 0
