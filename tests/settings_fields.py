"""Reads the settings of a rendered service from its classes, without importing them."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

BASE = "EnvSettings"
# They have a default that is not allowed in production.
EXPECTED = frozenset({"SECRET_KEY", "REDIS_URL", "CELERY_BROKER_URL", "METRICS_TOKEN"})


@dataclass(frozen=True, slots=True)
class SettingsFields:
    """Names of variables: all, and those without a default."""

    known: frozenset[str]
    required: frozenset[str]

    def needed_in_production(self) -> frozenset[str]:
        """Return the settings that a deployment must set."""
        return self.required | (self.known & EXPECTED)


def settings_fields(project: Path) -> SettingsFields:
    """Read every class below `EnvSettings` in the service's code."""
    classes = {
        node.name: node
        for path in (project / "app").rglob("*.py")
        for node in class_nodes(path.read_text())
    }
    fields = [
        field for node in classes.values() if is_settings(node, classes) for field in node.body
    ]
    known = [field for field in fields if isinstance(field, ast.AnnAssign)]
    return SettingsFields(
        known=frozenset(name(field) for field in known),
        required=frozenset(name(field) for field in known if field.value is None),
    )


@cache
def class_nodes(text: str) -> list[ast.ClassDef]:
    """Return the classes of a module. Most modules are the same in many projects."""
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]


def is_settings(node: ast.ClassDef, classes: dict[str, ast.ClassDef]) -> bool:
    """Return whether a class is derived from `EnvSettings`."""
    parents = [base.id for base in node.bases if isinstance(base, ast.Name)]
    return BASE in parents or any(
        is_settings(classes[parent], classes) for parent in parents if parent in classes
    )


def name(field: ast.AnnAssign) -> str:
    """Return the environment variable of a field."""
    assert isinstance(field.target, ast.Name)
    return field.target.id.upper()
