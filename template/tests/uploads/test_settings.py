"""Which storages the settings may name."""

import pytest

from app.api.uploads_feature import make_storage
from app.cli import main
from app.core.config import Settings
from app.storage.settings import StorageSettings


@pytest.mark.parametrize("half", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_half_a_key_is_named(
    half: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORAGE_URL", "s3://bucket")
    monkeypatch.setenv(half, "tea")

    assert main(["sweep-files"]) == 2

    last = capfd.readouterr().err.splitlines()[-1]
    assert last == "app: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY: set both or none"


@pytest.mark.parametrize(
    "url",
    ["file:///my%20files/ä b", "s3://my_Tea.pots-2", "s3://tea/a/b", "memory:", "memory://"],
)
def test_other_storages_are_taken(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_URL", url)

    assert make_storage(StorageSettings.load(), Settings.load())
