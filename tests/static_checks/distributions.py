"""The dependencies in pyproject.toml by combination, and the modules they provide."""

import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.static_checks.space import NEVER, Table, either
from tests.static_checks.template import Template

SECTION = re.compile(r"(?P<name>dependencies|dev) = \[")
REQUIREMENT = re.compile(r' +"(?P<text>[^"]+)",')

# Modules that are not named like their distribution. Permanent indirect dependencies count too:
# FastAPI always depends on Starlette.
BRINGERS = {
    "anyio": ("fastapi",),
    "billiard": ("celery",),
    "dotenv": ("pydantic-settings",),
    "jwt": ("pyjwt",),
    "kombu": ("celery",),
    "opentelemetry": ("opentelemetry-api", "opentelemetry-sdk"),
    "opentelemetry.exporter": ("opentelemetry-exporter-otlp-proto-http",),
    "opentelemetry.proto": ("opentelemetry-exporter-otlp-proto-http",),
    "opentelemetry.sdk": ("opentelemetry-sdk",),
    "pydantic": ("fastapi",),
    "pydantic_core": ("fastapi",),
    "starlette": ("fastapi",),
    "uvloop": ("granian[uvloop]", "hypercorn[uvloop]", "uvicorn[standard]"),
    "websockets": ("uvicorn[standard]",),
    "yaml": ("uvicorn[standard]",),
}


class Distributions:
    """Tables of the combinations in which each distribution is a dependency."""

    def __init__(self, template: Template) -> None:
        self.runtime: dict[str, Table] = {}
        self.development: dict[str, Table] = {}
        lists = {"dependencies": self.runtime, "dev": self.development}
        source = template.sources["pyproject.toml"]
        current: dict[str, Table] | None = None
        for line in source.lines:
            if section := SECTION.fullmatch(line.text):
                current = lists[section["name"]]
            elif line.text == "]":
                current = None
            elif current is not None and (found := REQUIREMENT.fullmatch(line.text)):
                for name in _names(Requirement(found["text"])):
                    current[name] = either([current.get(name, NEVER), template.when(source, line)])

    def provide(self, module: str, *, with_development: bool = True) -> Table:
        """Return where a third-party module can be imported."""
        tables = [self.runtime, *([self.development] if with_development else [])]
        names = bringers(module)
        return either(table.get(name, NEVER) for table in tables for name in names)


def bringers(module: str) -> tuple[str, ...]:
    """Return the distributions that provide a module."""
    name = module
    while name:
        if name in BRINGERS:
            return BRINGERS[name]
        name, _, _ = name.rpartition(".")
    return (canonicalize_name(module.partition(".")[0]),)


def _names(requirement: Requirement) -> list[str]:
    """Return the names under which a requirement counts: `redis`, and `redis[hiredis]`."""
    name = canonicalize_name(requirement.name)
    return [name, *(f"{name}[{extra}]" for extra in requirement.extras)]
