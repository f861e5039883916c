"""Settings of the storage."""

from pathlib import Path

import pytest

from app.cli import main
from app.core.config import Settings
from app.storage.feature import make_storage
from app.storage.settings import StorageSettings
from tests.conftest import MakeApp
from tests.databases import closed_port


@pytest.mark.parametrize("half", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_half_a_key_is_refused_by_name(
    half: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORAGE_URL", "s3://bucket")
    monkeypatch.setenv(half, "tea")

    assert main(["clean-files"]) == 2

    last = capfd.readouterr().err.splitlines()[-1]
    assert last == "app: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: set both or none"


@pytest.mark.parametrize(
    "url",
    ["file:///my%20files/ä b", "s3://my_Tea.pots-2", "s3://tea/a/b", "memory:", "memory://"],
)
def test_valid_storage_urls(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_URL", url)

    assert make_storage(StorageSettings.load(), Settings.load())


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_a_command_reports_an_unreachable_storage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    in_the_way = tmp_path / "storage"
    in_the_way.write_text("in the way")
    monkeypatch.setenv("STORAGE_URL", "s3://tea" if kind == "s3" else in_the_way.as_uri())
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    assert main(["clean-files"]) == 2

    assert capfd.readouterr().err == "app: The file storage does not answer. Try again.\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STORAGE_URL", "/var/lib/files"),
        ("STORAGE_URL", "file://host/folder"),
        ("STORAGE_URL", "file:///"),
        ("STORAGE_URL", "s3://"),
        ("STORAGE_URL", "gs://bucket"),
        ("STORAGE_URL", "s3://[a"),
        ("STORAGE_URL", "s3://me:secret@bucket"),
        ("STORAGE_URL", "s3://bucket/prefix?region=eu"),
        ("STORAGE_URL", "file:///tmp/a%00b"),
        ("STORAGE_URL", "file:///tmp/a\nb"),
        ("STORAGE_URL", "file:///tmp/hash#frag?q"),
        ("STORAGE_URL", "memory:x"),
        ("AWS_ENDPOINT_URL", "nonsense"),
        ("AWS_ENDPOINT_URL", "ftp://x"),
        ("AWS_ENDPOINT_URL", "http://:9000"),
        ("AWS_ENDPOINT_URL", "http://host:99999"),
        ("AWS_ENDPOINT_URL", "http://host/?a=b"),
        ("AWS_ENDPOINT_URL", "http://me:secret@host"),
        ("UPLOAD_MAX_BYTES", "0"),
        ("STORAGE_LINK_SECONDS", "-1"),
    ],
)
def test_an_invalid_setting_is_refused_by_name(
    name: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)

    assert main(["clean-files"]) != 0

    assert capfd.readouterr().err.splitlines()[-1].startswith(f"app: {name}: ")


async def test_memory_needs_a_single_process(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORAGE_URL", "memory://")
    monkeypatch.setenv("WEB_CONCURRENCY", "2")

    assert main(["clean-files"]) != 0

    assert "WEB_CONCURRENCY=1" in capfd.readouterr().err.splitlines()[-1]


async def test_a_production_service_warns_of_the_project_folder(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("STORAGE_URL")

    await make_app(ENVIRONMENT="production")

    assert "files_in_project_folder" in capfd.readouterr().out
