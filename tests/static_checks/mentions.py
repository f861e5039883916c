"""Every link has a target, and every file or recipe that a text mentions exists."""

import re
from collections.abc import Iterator
from posixpath import dirname, join, normpath

from tests.static_checks.modules import read
from tests.static_checks.needs import Need
from tests.static_checks.space import NEVER, Table, either
from tests.static_checks.template import Line, Source, Template

LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<path>[^)#\s]+)[^)]*\)")
TOPS = r"app|tests|dev|docs|deploy|migrations|\.github"
MENTION = re.compile(rf"(?<![\w./<*-])(?P<path>(?:{TOPS})/[\w./-]*\w)(?![\w*{{/<…])")
# Not a label of Kubernetes, nor what hangs on the app.
MODULE = re.compile(r"(?<![\w./(-])(?!app\.(?:kubernetes|state)\.)(?P<name>(?:app|dev)(?:\.\w+)+)")
RECIPE = re.compile(r"(?:`|uv run )just (?P<name>[a-z][a-z-]*)")
DEFINED = re.compile(r"(?P<name>[a-z][a-z-]*)(?: [^:=]*)?:(?!=).*")

TO_WRITE = "a file to be written, as an example"
# Mentioned although they may be absent, each with the reason.
EXEMPT = {
    ("docs/extending.md", "app.add_middleware"): "a method of the app, no module",
    ("docs/extending.md", "app.state"): "an attribute of the app, no module",
    ("docs/extending.md", "app.core.tea"): TO_WRITE,
    ("docs/extending.md", "app.core.teapot"): TO_WRITE,
    ("docs/extending.md", "app.middleware.tea"): TO_WRITE,
    ("docs/extending.md", "app/core/tea.py"): TO_WRITE,
    ("docs/extending.md", "app/core/teapot.py"): TO_WRITE,
    ("docs/extending.md", "app/email/templates/tea_ready.html"): TO_WRITE,
    ("docs/extending.md", "app/email/templates/tea_ready.txt"): TO_WRITE,
    ("docs/extending.md", "app/middleware/tea.py"): TO_WRITE,
    ("docs/extending.md", "app/services/tea.py"): TO_WRITE,
    ("docs/extending.md", "app/services/tea_event.py"): TO_WRITE,
    ("docs/extending.md", "app/services/tea_brewing.py"): TO_WRITE,
    ("docs/extending.md", "app/workers/handlers/tea.py"): TO_WRITE,
    ("dev/resource/wiring.py", "app/auth/permissions.py"): "the text says when it is there",
    ("tests/conftest.py", "tests/auth/fixtures.py"): "the text says when it is there",
    ("tests/conftest.py", "tests/public/fixtures.py"): "the text says when it is there",
}
# Written by a recipe, and committed by the user.
WRITTEN = {"docs/openapi.json", "docs/openapi-v2.json", "docs/reference.md"}
# They are about resources that `just resource` makes.
MAKERS = (
    "docs/resources.md",
    "tests/dev/made_resources.py",
    "tests/dev/test_resource.py",
    "tests/dev/test_resource_permission.py",
    "tests/dev/test_resource_process.py",
    "tests/dev/test_resource_undo.py",
)


def mentions(template: Template) -> Iterator[Need]:
    """Yield the targets that the texts of a project mention."""
    recipes, modules = defined(template), read(template)
    for source in template.sources.values():
        for line in source.lines:
            when, place = template.when(source, line), f"{source.name}:{line.number}"
            for path in paths(source, line):
                if path in WRITTEN or source.output in MAKERS:
                    continue
                if (source.output, path) not in EXEMPT:
                    yield Need(place, path, when, template.present(path))
            for name in names(RECIPE, line.text):
                yield Need(place, f"recipe {name}", when, recipes.get(name, NEVER))
            if not source.output.endswith(".py"):
                for name in names(MODULE, line.text):
                    if (source.output, name) in EXEMPT:
                        continue
                    above, _, member = name.rpartition(".")
                    yield Need(place, name, when, modules.offers(above, member))


def paths(source: Source, line: Line) -> Iterator[str]:
    """Yield the paths in the project that a line names."""
    if source.output.endswith(".md"):
        for found in LINK.finditer(line.text):
            yield normpath(join(dirname(source.output), found["path"]))
    for found in MENTION.finditer(line.text):
        yield found["path"]


def names(pattern: re.Pattern[str], text: str) -> list[str]:
    """Return what a pattern calls `name`, everywhere in a text."""
    return [found["name"] for found in pattern.finditer(text)]


def defined(template: Template) -> dict[str, Table]:
    """Return where each recipe of the justfile is."""
    source = template.sources["justfile"]
    found: dict[str, Table] = {}
    for line in source.lines:
        if recipe := DEFINED.fullmatch(line.text):
            name = recipe["name"]
            found[name] = either([found.get(name, NEVER), template.when(source, line)])
    return found
