"""Every variable that a project sets is a setting, and no required one is missing."""

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatch

from tests.settings_fields import EXPECTED, is_settings, name
from tests.static_checks.modules import read
from tests.static_checks.needs import Need
from tests.static_checks.space import NEVER, Table
from tests.static_checks.template import Line, Source, Template

EXAMPLE = ".env.example"
# Files that set variables of the service, and the pattern of a line.
FILES = (EXAMPLE, "deploy/*/settings.env", "deploy/compose/*.yaml", "deploy/kubernetes/*.yaml")
LINE = re.compile(r"(?P<name>[A-Z][A-Z_]+)=.*| +(?:- name: )?(?P<key>[A-Z][A-Z_]+)(?::.*)?")
# Compose files of third-party images set other variables.
OURS = re.compile(r"file: service\.yaml|context: |^kind: ", re.MULTILINE)
# Each way to run the service must set its required variables in one of these files.
DEPLOYMENTS = {
    "compose": "deploy/compose/service.yaml",
    "kubernetes": "deploy/kubernetes/base/configmap.yaml",
}
# Read by tests and by the development launcher, which are no part of the service.
NO_SETTINGS = {"TEST_DATABASE_URL": "app/db", "TEST_REDIS_URL": "app/redis"}

Fields = dict[str, Table]


def settings(template: Template) -> Iterator[Need]:
    """Yield the needs of files that set variables, and of the settings."""
    known, required = fields(template)
    example: Fields = {}
    given: dict[str, Fields] = {kind: {} for kind in DEPLOYMENTS}
    for source, line, variable in assignments(template):
        when = template.when(source, line)
        for kind in [kind for kind in given if source.output.startswith(f"deploy/{kind}/")]:
            given[kind][variable] = given[kind].get(variable, NEVER) | when
        if source.output == EXAMPLE:
            example[variable] = example.get(variable, NEVER) | when
        place = f"{source.name}:{line.number}"
        yield Need(place, f"setting {variable}", when, known.get(variable, NEVER))
    for variable, when in known.items():
        yield Need(variable, EXAMPLE, when, example.get(variable, NEVER))
    needed = required | {variable: known[variable] for variable in EXPECTED & known.keys()}
    for kind, file in DEPLOYMENTS.items():
        for variable, when in needed.items():
            where = when & template.present(file)
            yield Need(file, variable, where, given[kind].get(variable, NEVER))


def fields(template: Template) -> tuple[Fields, Fields]:
    """Return where each setting exists, and where it exists without a default."""
    modules = [one for one in read(template).all if one.source.output.startswith("app/")]
    found = [(module, node) for module in modules for node in ast.walk(module.tree)]
    classes = {node.name: node for _, node in found if isinstance(node, ast.ClassDef)}
    known: Fields = {}
    required: Fields = {}
    for module, node in found:
        if isinstance(node, ast.ClassDef) and is_settings(node, classes):
            for field in node.body:
                if isinstance(field, ast.AnnAssign):
                    for table in [known, *([required] if field.value is None else [])]:
                        table[name(field)] = table.get(name(field), NEVER) | module.present
    known |= {variable: template.present(path) for variable, path in NO_SETTINGS.items()}
    return known, required


def assignments(template: Template) -> Iterator[tuple[Source, Line, str]]:
    """Yield the lines that set a variable of the service."""
    for source in template.sources.values():
        is_file = any(fnmatch(source.output, pattern) for pattern in FILES)
        if is_file and (not source.output.endswith(".yaml") or OURS.search(source.text)):
            for line in source.lines:
                if found := LINE.fullmatch(line.text):
                    yield source, line, found["name"] or found["key"]
