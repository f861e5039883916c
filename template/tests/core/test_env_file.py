"""`.env` in another encoding is refused by name and line."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.config import Settings
from app.core.settings import EnvSettings, read_env_file
from dev import project
from dev.project import LauncherError, setting
from tests.processes import environment

TEXT = "ENVIRONMENT=test\nPROJECT_NAME=Größe\n"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (TEXT.encode("latin-1"), 2),
        (TEXT.encode("cp1252"), 2),
        (TEXT.encode("utf-16"), 1),
        (TEXT.encode("utf-16-le"), 1),
        (b"A=1\r\nB=2\r\nC=\xff\r\n", 3),
    ],
)
def test_it_is_refused_by_name_and_line(tmp_path: Path, content: bytes, line: int) -> None:
    (tmp_path / ".env").write_bytes(content)

    with pytest.raises(ValueError, match=rf"\.env, line {line}: is not UTF-8"):
        read_env_file(tmp_path / ".env")


def test_the_service_is_not_started_with_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(TEXT.encode("latin-1"))

    done = subprocess.run(
        [sys.executable, "-m", "app", "serve"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].startswith("app: .env, line 2: is not UTF-8")


@pytest.mark.parametrize("content", [TEXT.encode(), TEXT.encode("utf-8-sig"), b"", b"A=1\r\n"])
def test_utf_8_is_taken_with_a_mark_and_without(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / ".env"
    file.write_bytes(content)

    assert read_env_file(file) == content
    assert read_env_file(tmp_path / "missing") == b""


def test_a_mark_does_not_hide_the_first_setting(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("PORT=7000\nHOST=::1".encode("utf-8-sig"))
    script = "from app.core.config import Settings; print(Settings.load().port)"

    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
    )

    assert done.stdout.strip() == "7000", done.stderr


def test_settings_are_parsed_again_when_a_variable_or_the_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    for settings in (EnvSettings, Settings):
        config = settings.model_config | {"env_file": str(file)}
        monkeypatch.setattr(settings, "model_config", config)
    file.write_text("PORT=7000", encoding="utf-8")
    first = Settings.load()

    assert Settings.load() is first
    monkeypatch.setenv("HOST", "::1")
    assert (Settings.load().port, Settings.load().host) == (7000, "::1")
    file.write_text("PORT=7001", encoding="utf-8")
    assert Settings.load().port == 7001
    file.unlink()
    assert Settings.load().port == 8000
    assert first.port == 7000


def test_the_development_launcher_refuses_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "ROOT", tmp_path)
    (tmp_path / ".env").write_bytes(TEXT.encode("latin-1"))

    with pytest.raises(LauncherError, match=r"\.env, line 2: is not UTF-8"):
        setting("PORT")


def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / ".env").touch()
    monkeypatch.setattr(Path, "read_bytes", refuse)  # root may read everything

    with pytest.raises(ValueError, match=r"\.env: cannot be read: Permission denied"):
        read_env_file(tmp_path / ".env")
