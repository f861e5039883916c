"""The lines of a resource in files that list all: its routes, and the permission to write it."""

import re

from dev.project import ROOT, say
from dev.resource.render import MAX_WIDTH
from dev.resource.spec import Resource, ResourceError

ROUTES = "app/api/resources.py"
# A service without users has no permissions.
PERMISSIONS = "app/auth/permissions.py"
ANCHORS = {ROUTES: "    # project resources\n", PERMISSIONS: "    # project permissions\n"}
LISTS = {ROUTES: "RESOURCES", PERMISSIONS: "Permission"}


def missing_lines(resource: Resource) -> dict[str, str]:
    """Write the lines that the project has not got, by file."""
    name, plural = resource.name, resource.plural
    lines = {ROUTES: route(resource)}
    if not resource.owned and (ROOT / PERMISSIONS).exists():
        lines[PERMISSIONS] = permission(resource)
    return {path: line for path, line in lines.items() if not mentions(path, name, plural)}


def route(resource: Resource) -> str:
    """Write the line of the endpoints' module."""
    title = resource.title
    module = f"app.api.v1.endpoints.{resource.plural}"
    line = f'    "{title}": ("{module}", "{title}"),\n'
    if len(line) <= MAX_WIDTH + 1:
        return line
    return f'    "{title}": (\n        "{module}",\n        "{title}",\n    ),\n'


def permission(resource: Resource) -> str:
    """Write the line of the permission that `WRITE_PERMISSION` of the endpoints names."""
    return f'    {resource.name.upper()}_WRITE = "{resource.name}:write"\n'


def mentions(path: str, name: str, plural: str) -> bool:
    """Whether a file has a line of the resource, as it was written or not."""
    names = {ROUTES: f'"app.api.v1.endpoints.{plural}"', PERMISSIONS: f'"{name}:write"'}
    return names[path] in read(path)


def check_permission(resource: Resource) -> None:
    """Raise `ResourceError` if the permission's name has another value already."""
    line = missing_lines(resource).get(PERMISSIONS, "")
    name = line.partition("=")[0]
    if line and re.search(f"^{name}=", read(PERMISSIONS), re.MULTILINE):
        raise ResourceError(f"{PERMISSIONS} has another {name.strip()} already.")


def with_line(path: str, line: str) -> str:
    """Return the text of the file with the line above the anchor, if it has one."""
    return read(path).replace(ANCHORS[path], line + ANCHORS[path], 1)


def wire(path: str, line: str) -> None:
    """Put the line above the anchor; without an anchor, say where it goes."""
    text = with_line(path, line)
    if text == read(path):
        anchor, place = ANCHORS[path].strip(), LISTS[path]
        say(f"{path} has no line `{anchor}`: put this into {place}:\n{line.rstrip()}")
    else:
        (ROOT / path).write_text(text, encoding="utf-8")


def unwire(lines: dict[str, str], name: str, plural: str) -> dict[str, str]:
    """Take the lines out; return why one stays, if it does."""
    left = {}
    for path, line in lines.items():
        text = read(path)
        if line in text:
            (ROOT / path).write_text(text.replace(line, "", 1), encoding="utf-8")
        elif mentions(path, name, plural):
            left[path] = "the line of the resource has been changed"
    return left


def read(path: str) -> str:
    """Read a file of the project."""
    return (ROOT / path).read_text(encoding="utf-8")
