"""Runs ruff on every variant of every Python file, in two runs."""

import re
import subprocess
from collections.abc import Iterable, Iterator
from itertools import count, groupby
from pathlib import Path

from tests.static_checks.template import Template
from tests.static_checks.variants import Variant

FOUND = re.compile(r"(?:Would reformat: )?(?P<path>\d+/[^:\n]+\.pyi?)\b.*")


def lay_out(template: Template, variants: Iterable[Variant], top: Path) -> dict[str, Variant]:
    """Write the n-th variant of each file into the n-th project, and return the paths of variants.

    So each stands at its own path below its own `ruff.toml`, as in a real project, which is what
    imports are sorted and rules are lifted by.
    """
    written: dict[str, Variant] = {}
    rules = template.sources["ruff.toml"].text
    for output, group in groupby(variants, key=lambda variant: variant.source.output):
        for number, variant in zip(count(), group, strict=False):
            project = top / str(number)
            path = project / output
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(variant.text)
            (project / "ruff.toml").write_text(rules)
            written[f"{number}/{output}"] = variant
    return written


def complaints(top: Path, written: dict[str, Variant]) -> Iterator[str]:
    """Yield the reports of ruff."""
    for arguments in (("check", "--output-format=concise"), ("format", "--check")):
        command = ["ruff", *arguments, "--no-cache", "--quiet", "."]
        done = subprocess.run(command, cwd=top, check=False, capture_output=True, text=True)
        said = done.stdout + done.stderr
        found = [line for line in said.splitlines() if FOUND.fullmatch(line)]
        if done.returncode and not found:
            yield said
        for line in found:
            match = FOUND.fullmatch(line)
            assert match
            yield f"{written[match['path']]}: {line}"
