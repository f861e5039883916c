"""The values of a resource's fields in its tests."""

from collections.abc import Iterable, Iterator, Mapping

from dev.resource.kinds import Kind, kind_of
from dev.resource.spec import Field, Resource, Target


def test_sections(resource: Resource) -> dict[str, str]:
    """Write the text of each section of the blueprint's tests."""
    found = {field: kind_of(resource, field) for field in resource.fields}
    body = [
        f'"{f.column}": {k.unique if "unique" in f.options else k.value},'
        for f, k in found.items()
        if not f.target or f.target.name != resource.name
    ]
    tables = "\n".join([*value_tables(resource, found), *reference_tables(resource)])
    return {"body": f"defaults: dict[str, Any] = {{{' '.join(body)}}}\n", "cases": f"{tables}\n"}


def value_tables(resource: Resource, found: Mapping[Field, Kind]) -> Iterator[str]:
    """Write the lists of values."""
    pairs = found.items()
    yield "# Another value of each field that refers to no row."
    yield table("CHANGES", "tuple[str, Any]", (changed(f, k) for f, k in pairs))
    yield "# Fields, filters of the list that these match, and filters that they do not match."
    rows = (row for f, k in pairs for row in filtered(f, k))
    yield table("FILTERS", "tuple[dict[str, Any], dict[str, Any], dict[str, Any]]", rows)
    yield "# Values that are refused."
    yield table("BAD", "tuple[str, Any]", (row for f, k in pairs for row in refused(f, k)))
    yield table("SORTS", "str", ['"created_at"', *(f'"{f.column}"' for f in found)])
    yield "# Fields whose values are taken once, and the code of the error."
    yield table("UNIQUE", "tuple[str, str]", (taken(resource, f) for f in found))


def reference_tables(resource: Resource) -> Iterator[str]:
    """Write the lists of fields that refer to another row."""
    pairs = resource.references
    yield "# Fields that refer to another row, and where that is."
    yield table("REFERENCES", "tuple[str, str]", (referred(f, t) for f, t in pairs))
    yield "# Those that only refer to rows of the same owner."
    yield table("OWN_REFERENCES", "str", (own(resource, f, t) for f, t in pairs))


def table(name: str, type: str, rows: Iterable[str]) -> str:
    """Write a list."""
    return f"{name}: list[{type}] = [{', '.join(row for row in rows if row)}]"


def changed(field: Field, kind: Kind) -> str:
    """Write another value."""
    same = field.target or kind.other == kind.value
    return "" if same else f'("{field.column}", {kind.other})'


def taken(resource: Resource, field: Field) -> str:
    """Write the code of the error of a value that is taken, if it is in each body."""
    code = "name_taken" if field.column == "name" else "conflict"
    is_given = field.target is None or field.target.name != resource.name
    return f'("{field.column}", "{code}")' if "unique" in field.options and is_given else ""


def referred(field: Field, target: Target) -> str:
    """Write where the rows are that a field refers to."""
    return f'("{field.column}", "/api/v1/{target.plural}")'


def own(resource: Resource, field: Field, target: Target) -> str:
    """Write the field if it only refers to rows of the same owner, and is in each body."""
    is_own = target.owned and target.name != resource.name
    return f'"{field.column}"' if is_own else ""


def filtered(field: Field, kind: Kind) -> Iterator[str]:
    """Write a match and a miss of each filter."""
    name, other = field.column, kind.other
    if field.target or not other:
        return
    given = f'{{"{name}": {other}}}'
    if field.type in {"str", "text"}:
        yield f'({given}, {{"q": "NOTHE"}}, {{"q": "%"}})'
    if field.type == "str":
        yield f'({given}, {{"{name}": {other}}}, {{"{name}": "another"}})'
    elif f"min_{name}" in field.filters:
        yield f'({given}, {{"min_{name}": {other}}}, {{"max_{name}": {kind.below}}})'
        if kind.above:
            yield f'({given}, {{"max_{name}": {other}}}, {{"min_{name}": {kind.above}}})'
    elif field.type != "text":
        missed = kind.value if other != kind.value else ""
        yield f'({given}, {{"{name}": {other}}}, {{"{name}": {missed}}})' if missed else ""
    if f"in_{name}" in field.filters:
        yield f'({{"{name}": 0}}, {{"in_{name}": False}}, {{"in_{name}": True}})'


def refused(field: Field, kind: Kind) -> Iterator[str]:
    """Write values that are refused."""
    for value in kind.bad:
        yield f'("{field.column}", {value})'
    if not field.null:
        yield f'("{field.column}", None)'
