"""The image of a rendered project, built and run: `just image-test` in it."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import uv

from tests import base_images
from tests.combinations import Answers

pytestmark = [pytest.mark.service, pytest.mark.thorough]

ROWS: dict[str, Answers] = {
    "standard": {"preset": "standard"},
    "full": {"preset": "full"},
    "sqlite": {"preset": "custom", "database": "sqlite", "auth": False, "docker": True},
}
LIMIT = 900.0  # seconds


@pytest.fixture
def options() -> list[str]:
    """Return options of the builder: our own base images, where docker does not run."""
    if shutil.which("docker"):
        docker = subprocess.run(["docker", "info"], check=False, capture_output=True)
        if docker.returncode == 0:
            return []
    if not base_images.can_make():
        pytest.skip("neither docker nor, as root, buildah with debootstrap")
    return ["--pull-never"]


@pytest.mark.parametrize("answers", ROWS.values(), ids=list(ROWS))
def test_the_image_is_built_migrates_serves_and_stops(
    copy: Callable[..., Path], tmp_path: Path, options: list[str], answers: Answers
) -> None:
    project = copy(**answers)
    if options:
        base_images.make(project / "Dockerfile", tmp_path)

    done = subprocess.run(
        [uv.find_uv_bin(), "run", "just", "image-test", *options],
        cwd=project,
        check=False,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
