"""Compose and Kubernetes: every file, service and object that a manifest refers to is there."""

from collections.abc import Iterator
from posixpath import dirname, join, normpath
from typing import Any

from tests.manifests import values
from tests.static_checks.needs import Need
from tests.static_checks.reading import yaml_documents
from tests.static_checks.space import NEVER, Table
from tests.static_checks.template import Source, Template
from tests.static_checks.variants import Variant, variants

COMPOSE, BASE = "deploy/compose", "deploy/kubernetes/base"
# The real one is made by hand: docs/kubernetes.md.
NOT_LISTED = f"{BASE}/secret.example.yaml"
KINDS = ("services", "networks", "volumes", "secrets")
# Which kind of object stands under which key, and under which key its name does.
REFERENCES = {
    "configMapRef": ("ConfigMap", "name"),
    "secretRef": ("Secret", "name"),
    "credentials": ("Secret", "name"),
    "persistentVolumeClaim": ("PersistentVolumeClaim", "claimName"),
}

Document = tuple[str, Any, Table]
Known = dict[tuple[str, str], Table]


def documents(template: Template, top: str) -> Iterator[Document]:
    """Yield the YAML documents below a folder, and where each is rendered."""
    for source in template.sources.values():
        if source.output.startswith(top) and source.output.endswith(".yaml"):
            yield from ((source.output, *found) for found in said(template, source))


def said(template: Template, source: Source) -> Iterator[tuple[Any, Table]]:
    """Yield the documents of each variant of a file, and where it is rendered."""
    present = template.present(source.output)
    for variant in variants(template, source):
        if isinstance(variant, Variant):
            decided = {n: v for n, v in variant.row.items() if n in source.conditions}
            table = present & template.space.where(decided)
            yield from ((document, table) for document in yaml_documents(variant.text))


def add(known: Known, kind: str, name: str, table: Table) -> None:
    """Record where something exists."""
    known[kind, name] = known.get((kind, name), NEVER) | table


def compose(template: Template) -> Iterator[Need]:
    """Yield the needs of the Compose files."""
    known: Known = {}
    for _, document, table in documents(template, "compose.yaml"):
        for path in document["include"]:
            yield Need("compose.yaml", path, table, template.present(path))
            add(known, "file", path, table)
    found = list(documents(template, f"{COMPOSE}/"))
    for file, document, table in found:
        for kind in KINDS:
            for name in document.get(kind) or ():
                add(known, f"{file} {kind}", name, table)
                add(known, kind, name, table & known.get(("file", file), NEVER))
    for file, document, table in found:
        for service in document.get("services", {}).values():
            for kind, name in mentioned(service):
                given = known.get((kind, name), NEVER)
                yield Need(file, f"{kind} {name}", table, given)
            for path, inner in files(service):
                path = normpath(join(dirname(file), path))
                yield Need(file, path, table, template.present(path))
                if inner:
                    given = known.get((f"{path} services", inner), NEVER)
                    yield Need(file, f"{inner} in {path}", table, given)


def mentioned(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the references of a service, by kind and name."""
    yield from (("services", name) for name in service.get("depends_on", ()))
    yield from (("networks", name) for name in service.get("networks", ()))
    yield from (("secrets", name) for name in service.get("secrets", ()))
    for volume in service.get("volumes", ()):
        if not volume.startswith("."):
            yield "volumes", volume.partition(":")[0]


def files(service: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the files that a service refers to, and their use."""
    if extends := service.get("extends"):
        yield extends["file"], extends["service"]
    yield from ((path, "") for path in service.get("env_file", ()))
    for volume in service.get("volumes", ()):
        if volume.startswith("."):
            yield volume.partition(":")[0], ""


def kubernetes(template: Template) -> Iterator[Need]:
    """Yield the needs of the manifests and their kustomizations."""
    known: Known = {}
    found = list(documents(template, "deploy/kubernetes/"))
    for file, document, table in found:
        if file.endswith("/kustomization.yaml"):
            patches = [patch["path"] for patch in document.get("patches", ())]
            for name in [*document["resources"], *patches]:
                path = normpath(join(dirname(file), name))
                yield Need(file, path, table, template.present(path))
                add(known, "file", path, table)
    add(known, "file", NOT_LISTED, template.present(NOT_LISTED))
    for file, document, table in found:
        if isinstance(document, dict) and "metadata" in document:
            listed = table & known.get(("file", file), NEVER)
            yield Need(file, "a kustomization that lists it", table, listed)
            add(known, document["kind"], document["metadata"]["name"], listed)
    for file, document, table in found:
        for kind, name in references(document):
            yield Need(file, f"{kind} {name}", table, known.get((kind, name), NEVER))


def references(document: Any) -> Iterator[tuple[str, str]]:
    """Yield the objects that an object refers to, by kind and name."""
    for key, (kind, name) in REFERENCES.items():
        yield from ((kind, found[name]) for found in values(document, key))
    yield from (("ServiceAccount", name) for name in values(document, "serviceAccountName"))
    yield from ((found["kind"], found["name"]) for found in values(document, "scaleTargetRef"))
    yield from (("Service", found["service"]["name"]) for found in values(document, "backend"))


def folders(template: Template) -> Iterator[Need]:
    """Yield that a folder is excluded with its files: Copier would leave it, empty."""
    every = {dirname(name) for name in template.sources} - {""}
    every |= {above for name in every for above in _parents(name)}
    for folder in sorted(every):
        when = template.space.where(dict.fromkeys(template.owners(folder), True))
        yield Need(folder, "a file in it", when, template.present(folder))


def _parents(name: str) -> Iterator[str]:
    while name := dirname(name):
        yield name
