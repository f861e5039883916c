"""What the manifests for Kubernetes give the service, given to the service."""

import re
from pathlib import Path

import pytest

from app.core.config import ROOT
from tests.deployed import refusal

KUBERNETES = ROOT / "deploy" / "kubernetes"
VALUE = re.compile(r'^  ([A-Z_]+): "?(.*?)"?$', re.MULTILINE)


def settings(overlay: str) -> dict[str, str]:
    """Read the ConfigMap, with what an overlay changes of it."""
    files = ["base/configmap.yaml", f"overlays/{overlay}/configmap.yaml"]
    pairs = [pair for name in files for pair in VALUE.findall((KUBERNETES / name).read_text())]
    return dict(pairs)


def secrets() -> dict[str, str]:
    """Read the example of the Secret."""
    return dict(VALUE.findall((KUBERNETES / "base/secret.example.yaml").read_text()))


@pytest.mark.parametrize("overlay", ["staging", "production"])
def test_the_service_takes_its_settings(tmp_path: Path, overlay: str) -> None:
    assert settings(overlay)["ENVIRONMENT"] == overlay
    assert refusal(tmp_path, **settings(overlay)) == ""


def test_it_does_not_start_with_the_examples_of_secrets(tmp_path: Path) -> None:
    given = settings("production") | secrets()

    assert refusal(tmp_path, **given).startswith("DATABASE_URL")
