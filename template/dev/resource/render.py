"""Turns the blueprint into the files of a resource."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory

from dev.project import ROOT
from dev.resource.cases import test_sections
from dev.resource.sections import code_sections, missing_name, taken_name, unique
from dev.resource.spec import Resource, camel

VARIANTS = {"owned", "shared", "cached", "uncached", "refs"}
VARIANT_LINE = re.compile(rf"( *)# ({'|'.join(VARIANTS)}):(?: (.*))?")
SECTION = re.compile(r"^( *)# section (.+)\n", re.MULTILINE)
# Docstrings, comments and strings; those of several words are sentences.
TEXTS = re.compile(r'"""[^"]*"""|#.*|"(?:\\.|[^"\\\n])*"')
MAX_WIDTH = 100
# What the owned variant and the fields may need besides the blueprint's imports; ruff removes
# those that are not used.
IMPORTS = {
    "model": "from sqlalchemy import UniqueConstraint",
    "schemas": "from decimal import Decimal\nfrom app.schemas.base import Integer, QueryInteger",
    "repository": "from collections.abc import Iterable\nfrom uuid import UUID\n"
    "from sqlalchemy import Select, false, select\n"
    "from sqlalchemy.ext.asyncio import AsyncSession\n"
    "from app.schemas.pagination import PageQuery, PageRows",
    "service": "",
    "endpoints": "from app.api.auth import CurrentUserDep\nfrom app.api.responses import no_store",
    "factories": "import datetime as dt\nfrom uuid import uuid4",
    "test_access": "import pytest\nfrom sqlalchemy.ext.asyncio import AsyncSession\n"
    "from tests.auth.factories import make_user\nfrom tests.auth.fixtures import ClientOf",
}


def targets(resource: Resource) -> dict[str, str]:
    """Return the files of a resource, by the files of the blueprint."""
    name, plural = resource.name, resource.plural
    code, tests = "dev/resource/blueprint", "tests/blueprint"
    found = {
        f"{code}/model.py": f"app/models/{name}.py",
        f"{code}/schemas.py": f"app/schemas/{name}.py",
        f"{code}/repository.py": f"app/repositories/{name}.py",
        f"{code}/service.py": f"app/services/{name}.py",
        f"{code}/endpoints.py": f"app/api/v1/endpoints/{plural}.py",
        f"{tests}/__init__.py": f"tests/{plural}/__init__.py",
        f"{tests}/cases.py": f"tests/{plural}/cases.py",
        f"{tests}/factories.py": f"tests/{plural}/factories.py",
        f"{tests}/examples.py": f"tests/{plural}/examples.py",
        f"{tests}/test_specimens.py": f"tests/{plural}/test_{plural}.py",
        f"{tests}/test_access.py": f"tests/{plural}/test_access.py",
    }
    # Without users there is no access to test.
    return {source: target for source, target in found.items() if (ROOT / source).exists()}


def render(resource: Resource) -> dict[str, str]:
    """Write the files of a resource: their paths and texts."""
    sections = code_sections(resource) | test_sections(resource)
    variants = {
        "owned" if resource.owned else "shared",
        "cached" if resource.cached else "uncached",
    }
    variants |= {"refs"} if resource.references else set()
    files = targets(resource)
    written = {}
    for source, target in files.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        text = of_variants(text, variants)
        for old, new in files.items():
            text = text.replace(module(old), module(new))
        text = with_sections(with_names(text, resource), sections)
        written[target] = with_imports(text, imports(Path(source).stem, resource))
    return formatted(written)


def module(path: str) -> str:
    """Return the dotted name of a file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def of_variants(text: str, variants: set[str]) -> str:
    """Keep the lines of these variants, and a line `# section NAME` of each section."""
    result: list[str] = []
    kept = [True]
    for line in text.splitlines():
        indent = line[: len(line) - len(line.lstrip())]
        if begin := re.fullmatch(" *# begin (.+)", line):
            name = begin[1]
            if name not in VARIANTS and kept[-1]:
                result.append(f"{indent}# section {name}")
            kept.append(kept[-1] and name in variants)
        elif line.strip() == "# end":
            kept.pop()
        elif found := VARIANT_LINE.fullmatch(line):
            if kept[-1] and found[2] in variants:
                result.append(f"{found[1]}{found[3]}" if found[3] else "")
        elif kept[-1]:
            result.append(line)
    return "\n".join(result) + "\n" if result else ""


def with_sections(text: str, sections: dict[str, str]) -> str:
    """Fill in the sections: last, because the words of the line stay as they are."""
    return SECTION.sub(lambda match: textwrap.indent(sections[match[2]], match[1]), text)


def with_names(text: str, resource: Resource) -> str:
    """Replace the blueprint's names: in sentences by words, elsewhere by identifiers."""
    if resource.owned:  # one router, which asks for a user itself
        text = re.sub("@(list|read|write)_router", "@router", text)
    text = TEXTS.sub(lambda match: in_words(match[0], resource), text)
    names = {
        "SPECIMENS": resource.plural.upper(),
        "Specimens": resource.title,
        "specimens": resource.plural,
        "Specimen": resource.class_name,
        "specimen": resource.name,
    }
    return re.sub("|".join(names), lambda match: names[match[0]], text)


def in_words(text: str, resource: Resource) -> str:
    """Replace the names in a sentence; another string is code."""
    if " " not in text and not text.startswith('"""'):
        return text
    word, words = resource.name.replace("_", " "), resource.plural.replace("_", " ")
    if re.match("[aeiou](?!ni|se|ur)|hour|honest", word):
        text = re.sub(r"\b([Aa]) specimen\b", rf"\1n {word}", text)
    text = re.sub(r"(?<![/`])\bspecimens\b", words, text)
    text = re.sub(r"\bSpecimens\b", resource.title, text)
    return re.sub(r"\bspecimen\b", word, text)


def imports(layer: str, resource: Resource) -> str:
    """Return the imports that a file may need besides those of the blueprint."""
    found = [IMPORTS.get(layer, "")]
    errors = [taken_name(f) for f in unique(resource)]
    errors += [missing_name(f) for f, _ in resource.references]
    if layer == "test_access":
        found.append(f"from tests.{resource.plural}.cases import OWN_REFERENCES, UNIQUE")
    if layer == "endpoints" and errors:
        found.append(f"from app.services.{resource.name} import {', '.join(errors)}")
    for _, target in resource.references:
        if target.name == resource.name:
            continue
        if layer == "service":
            found.append(f"from app.models.{target.name} import {camel(target.name)}")
        if layer == "factories" and target.name != "user":
            found.append(f"from tests.{target.plural}.factories import make_{target.name}")
    return "\n".join(found)


def with_imports(text: str, found: str) -> str:
    """Put imports before the first one."""
    return re.sub("^(?=(from|import) )", f"{found}\n", text, count=1, flags=re.MULTILINE)


def formatted(files: dict[str, str]) -> dict[str, str]:
    """Remove unused imports, sort the others, and format."""
    with TemporaryDirectory() as folder:
        for path, text in files.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        ruff = [sys.executable, "-m", "ruff"]
        config = ["--config", str(ROOT / "ruff.toml"), "--no-cache", "--quiet", folder]
        isort = ["--config", "lint.isort.split-on-trailing-comma=false"]
        short_lists = ["--config", "format.skip-magic-trailing-comma=true", *isort]
        # Long values, and default values that look like an address, a password or a path.
        rules = "E501,S104,S105,S108"
        add_noqa = ["--add-noqa", "--select", rules, "--per-file-ignores", "**/tests/**:S105"]
        subprocess.run([*ruff, "check", "--fix", "--select", "I,F401", *isort, *config], check=True)
        subprocess.run([*ruff, "format", *short_lists, *config], check=True)
        for path in files:
            file = Path(folder, path)
            file.write_text(wrapped(file.read_text(encoding="utf-8")), encoding="utf-8")
        subprocess.run([*ruff, "check", *add_noqa, *config], check=True)
        return {path: Path(folder, path).read_text(encoding="utf-8") for path in files}


def wrapped(text: str) -> str:
    """Wrap docstrings and comments that long names have made too long."""
    return "\n".join(_wrapped(line) for line in text.split("\n"))


def _wrapped(line: str) -> str:
    indent = line[: len(line) - len(line.lstrip())]
    if len(line) <= MAX_WIDTH:
        return line
    if found := re.fullmatch(r' *"""(.*)"""', line):
        # Two lines at least: ruff puts the quotes behind a single one, however long it is.
        parts = textwrap.wrap(f'"""{found[1]}', MAX_WIDTH - len(indent) - 3)
        return "\n".join(indent + part for part in [*parts, '"""'])
    if line.lstrip().startswith("# "):
        parts = textwrap.wrap(line.strip()[2:], MAX_WIDTH - len(indent) - 2)
        return "\n".join(f"{indent}# {part}" for part in parts)
    return line
