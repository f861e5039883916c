"""Compare JSON Schemas: what a request may contain, and what a response promises."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
# A schema's alternatives by their types; `any` stands for a schema without a type.
Variants = dict[str, Schema]

# A request is narrowed if these grow, and if those shrink.
LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")


class SchemaComparison:
    """Compares the schemas of an operation in two documents; each resolves its references."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self.old, self.new = old, new
        self.compared: set[tuple[str, str, bool]] = set()

    def compare(self, old: Schema, new: Schema, where: str, request: bool) -> Iterator[str]:
        """Yield a line for each change that breaks clients."""
        references = old.get("$ref", ""), new.get("$ref", ""), request
        if references[0] and references[1]:
            if references in self.compared:  # it may also contain itself
                return
            self.compared.add(references)
        before, after = variants(self.old, old), variants(self.new, new)
        yield from _types(before, after, where, request)
        for kind in before:
            if kind in after:
                yield from self._variant(before[kind], after[kind], where, request)

    def _variant(self, old: Schema, new: Schema, where: str, request: bool) -> Iterator[str]:
        yield from _values(old, new, where, request)
        yield from _formats(old, new, where, request)
        if request:
            yield from _bounds(old, new, where)
        yield from self._properties(old, new, where, request)
        for keyword, suffix in (("items", "[]"), ("additionalProperties", "{}")):
            before, after = old.get(keyword), new.get(keyword)
            if isinstance(before, dict) and isinstance(after, dict):
                yield from self.compare(before, after, where + suffix, request)

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
            for kind, variant in variants(document, part).items():
                found[kind] = _merged(found.get(kind), variant, every="allOf" in schema)
        return found
    kinds = schema.get("type", "any")
    return dict.fromkeys([kinds] if isinstance(kinds, str) else kinds, schema)


def _merged(first: Schema | None, second: Schema, every: bool) -> Schema:
    """Merge alternatives of one type, or (`every`) parts that all hold."""
    if first is None:
        return second
    properties = first.get("properties", {}) | second.get("properties", {})
    required, other = set(first.get("required", ())), set(second.get("required", ()))
    if every:
        return first | second | {"properties": properties, "required": required | other}
    both = {key: value for key, value in first.items() if second.get(key) == value}
    values = [*_allowed(first), *_allowed(second)] if _allowed(first) and _allowed(second) else []
    return both | {"properties": properties, "required": required & other, "enum": values}


def _types(before: Variants, after: Variants, where: str, request: bool) -> Iterator[str]:
    if request:
        for kind in before:
            if not _includes(after, kind):
                yield f"{where}: {kind} is no longer accepted"
    else:
        for kind in after:
            if not _includes(before, kind):
                yield f"{where}: may be {kind} now"


def _includes(variants: Variants, kind: str) -> bool:
    return not variants.keys().isdisjoint({"any", kind, "number" if kind == "integer" else kind})


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
            yield f"{where}: {keyword} was {'none' if before is None else before}, is {after}"
