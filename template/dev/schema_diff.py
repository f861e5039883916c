"""Compare JSON Schemas: what a request may contain, and what a response promises."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

Schema = dict[str, Any]
# A schema's alternatives by their types; `any` stands for a schema without a type.
Variants = dict[str, Schema]

# A request is narrowed if these grow, and if those shrink.
LOWER_BOUNDS = (
    *("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"),
    "uniqueItems",  # false, then true
)
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


class SchemaComparison:
    """Compares the schemas of an operation in two documents; each resolves its references."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self.old, self.new = old, new
        self.compared: set[tuple[str, str, bool]] = set()
        self.open: list[str] = []  # those that are being compared, from the outermost

    def compare(self, old: Schema, new: Schema, where: str, request: bool) -> Iterator[str]:
        """Yield a line for each change that breaks clients."""
        references = old.get("$ref", ""), new.get("$ref", ""), request
        if references[0] and references[1]:
            if references in self.compared:
                return
            self.compared.add(references)
        before, after = variants(self.old, old), variants(self.new, new)
        yield from _types(before, after, where, request)
        for json_type in before:
            if json_type in after:
                yield from self._variant(before[json_type], after[json_type], where, request)

    def _variant(self, old: Schema, new: Schema, where: str, request: bool) -> Iterator[str]:
        both = repr((old, new))
        if both in self.open:  # it contains itself
            return
        self.open.append(both)
        yield from _values(old, new, where, request)
        yield from _formats(old, new, where, request)
        if request:
            yield from _bounds(old, new, where)
        yield from self._properties(old, new, where, request)
        for keyword, suffix in (("items", "[]"), ("additionalProperties", "{}")):
            before, after = _content(old, keyword), _content(new, keyword)
            if before or after:
                yield from self.compare(before, after, where + suffix, request)
        self.open.pop()

    def _properties(self, old: Schema, new: Schema, where: str, request: bool) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required, needed = set(old.get("required", ())), set(new.get("required", ()))
        if request:
            for name in sorted(needed - required):
                yield f"{where}: field {name} is required now"
        for name, schema in before.items():
            if name not in after:
                yield f"{where}: field {name} is gone"
                continue
            if not request and name in required - needed:
                yield f"{where}: field {name} may be absent now"
            yield from self.compare(schema, after[name], f"{where} {name}", request)


def _content(schema: Schema, keyword: str) -> Schema:
    """Return the schema of a list or of other fields: anything, if there is none."""
    found = schema.get(keyword, True)
    if isinstance(found, bool):
        return {} if found else {"type": []}
    return found


def variants(document: Schema, schema: Schema) -> Variants:
    """Return the alternatives of a schema by their types, with references resolved."""
    if "$ref" in schema:
        target: Any = document
        for key in schema["$ref"].removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        return variants(document, target)
    if parts := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        found: Variants = {}
        for part in parts:
            for json_type, variant in variants(document, part).items():
                found[json_type] = _merged(
                    found.get(json_type), variant, all_hold="allOf" in schema
                )
        return found
    types = schema.get("type", "any")
    return dict.fromkeys([types] if isinstance(types, str) else types, schema)


def _merged(first: Schema | None, second: Schema, all_hold: bool) -> Schema:
    """Merge parts of one type, which all hold or are alternatives."""
    if first is None:
        return second
    properties = first.get("properties", {}) | second.get("properties", {})
    required, other = set(first.get("required", ())), set(second.get("required", ()))
    if all_hold:
        return first | second | {"properties": properties, "required": required | other}
    both = {key: value for key, value in first.items() if second.get(key) == value}
    values = [*_allowed(first), *_allowed(second)] if _allowed(first) and _allowed(second) else []
    return both | {"properties": properties, "required": required & other, "enum": values}


def _types(before: Variants, after: Variants, where: str, request: bool) -> Iterator[str]:
    if request:
        for json_type in before:
            if not _includes(after, json_type):
                yield f"{where}: {json_type} is no longer accepted"
    else:
        for json_type in after:
            if not _includes(before, json_type):
                yield f"{where}: may be {json_type} now"


def _includes(variants: Variants, json_type: str) -> bool:
    wider = "number" if json_type == "integer" else json_type
    return not variants.keys().isdisjoint({"any", json_type, wider})


def _allowed(schema: Schema) -> list[Any]:
    """Return the only values of a schema; none if it has any."""
    return [schema["const"]] if "const" in schema else schema.get("enum", [])


def _values(old: Schema, new: Schema, where: str, request: bool) -> Iterator[str]:
    before, after = _allowed(old), _allowed(new)
    if before and after:
        for value in before:
            if value not in after:
                yield f"{where}: value {value} is gone"
    elif after and request:
        yield f"{where}: only some values are accepted now"


def _formats(old: Schema, new: Schema, where: str, request: bool) -> Iterator[str]:
    for keyword in ("format", "pattern"):
        before, after = old.get(keyword), new.get(keyword)
        if before != after and (after if request else before and keyword == "format"):
            yield f"{where}: {keyword} was {before or 'any'}, is {after or 'any'}"


def _bounds(old: Schema, new: Schema, where: str) -> Iterator[str]:
    for keyword in (*LOWER_BOUNDS, *UPPER_BOUNDS):
        before, after = old.get(keyword), new.get(keyword)
        sign = 1 if keyword in LOWER_BOUNDS else -1
        if after is not None and (before is None or after * sign > before * sign):
            yield _bound(where, keyword, before, after)
    before, after = old.get("multipleOf"), new.get("multipleOf")
    if after is not None and (before is None or Decimal(str(before)) % Decimal(str(after))):
        yield _bound(where, "multipleOf", before, after)


def _bound(where: str, keyword: str, before: Any, after: Any) -> str:
    return f"{where}: {keyword} was {'none' if before is None else before}, is {after}"
