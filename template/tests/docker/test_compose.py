"""What Compose gives the service, given to the service."""

from pathlib import Path

from app.core.config import ROOT
from tests.deployed import refusal


def settings() -> dict[str, str]:
    """Read the file that all containers of the service get."""
    lines = (ROOT / "deploy/compose/settings.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_service_takes_its_settings(tmp_path: Path) -> None:
    assert len(settings()) > 5
    assert refusal(tmp_path, **settings()) == ""


def test_a_wrong_setting_is_refused(tmp_path: Path) -> None:
    assert "WEB_CONCURRENCY" in refusal(tmp_path, **settings() | {"WEB_CONCURRENCY": "none"})
