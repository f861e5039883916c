"""`python -m app`, called in the process of the tests."""

import runpy
import sys
from pathlib import Path

import pytest

from app.cli import check_port, main
from tests.databases import lost


def test_a_migration_without_its_database_fails_with_one_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", lost(tmp_path))

    assert main(["migrate"]) != 0

    assert capfd.readouterr().err.splitlines()[-1].startswith("app: ")


def test_the_help_lists_the_commands(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["app", "--help"])

    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("app", run_name="__main__")

    output = capfd.readouterr().out
    assert "serve" in output
    assert "migrate" in output


@pytest.mark.parametrize("host", ["a..b", "a" * 64 + ".example.com", "192.0.2.1"])
def test_a_host_where_no_server_can_listen_is_named(host: str) -> None:
    with pytest.raises(ValueError, match="HOST"):
        check_port(host, 8000)
