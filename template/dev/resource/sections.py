"""The lines of a resource's fields, for the sections of the blueprint's code."""

from collections.abc import Iterable, Mapping

from dev.resource.kinds import Kind, kind_of, quoted, source
from dev.resource.spec import Field, Resource, Target, camel


def code_sections(resource: Resource) -> dict[str, str]:
    """Write the text of each section: `# begin NAME` in the blueprint."""
    found = {field: kind_of(resource, field) for field in resource.fields}
    names = [field.column for field in found]
    return {
        "constraints": lines([constraints(resource)]),
        "columns": lines(column(resource, field, kind) for field, kind in found.items()),
        "sorts": lines(f'"{name}",\n"-{name}",' for name in names),
        "sortable": lines(f'"{name}",' for name in names),
        "conditions": lines([search(resource), *(condition(resource, f) for f in found)]),
        **schema_sections(resource, found),
        **error_sections(resource),
    }


def schema_sections(resource: Resource, found: Mapping[Field, Kind]) -> dict[str, str]:
    """Write the fields of the schemas."""
    pairs = found.items()
    return {
        "types": lines(alias(resource, field) for field in found),
        "create": lines(f"{f.column}: {optional(f, k.input)}{default(f)}" for f, k in pairs),
        "update": lines(
            f"{f.column}: {optional(f, k.input)} | MISSING = MISSING" for f, k in pairs
        ),
        "read": lines(f"{f.column}: {optional(f, k.output)}" for f, k in pairs),
        "filters": lines(
            f"{name}: {'bool' if name == f'in_{f.name}' else k.query or k.input} | None = None"
            for f, k in pairs
            for name in f.filters
        ),
    }


def error_sections(resource: Resource) -> dict[str, str]:
    """Write the errors of the service, and what raises them."""
    taken, references = unique(resource), resource.references
    errors = ", ".join([*map(taken_name, taken), *(missing_name(f) for f, _ in references)])
    return {
        "errors": lines(taken_error(resource, f) for f in taken)
        + lines(missing_error(f, t) for f, t in references),
        "references": lines(reference(f, t) for f, t in references),
        "taken": lines(
            f'if is_unique_violation(error, "{f.column}"):\n    raise {taken_name(f)} from error'
            for f in sorted(taken, key=lambda f: -len(f.column))
        ),
        "create errors": f"**problems({errors}),\n" if errors else "",
        "update errors": f"{errors},\n" if errors else "",
    }


def lines(found: Iterable[str]) -> str:
    """Join what is not empty."""
    return "".join(f"{line}\n" for line in found if line)


def unique(resource: Resource) -> list[Field]:
    """Return the fields whose values are taken once."""
    return [field for field in resource.fields if "unique" in field.options]


def taken_name(field: Field) -> str:
    """Return the name of the error of a value that is taken."""
    return f"{camel(field.column)}TakenError"


def missing_name(field: Field) -> str:
    """Return the name of the error of a row that is missing."""
    return f"{camel(field.name)}NotFoundError"


def optional(field: Field, type: str) -> str:
    """Add None to the type of a field that may be null."""
    return f"{type} | None" if field.null else type


def default(field: Field) -> str:
    """Write the default value of the field."""
    if field.default is None:
        return " = None" if field.null else ""
    return f" = {source(field.default)}"


def constraints(resource: Resource) -> str:
    """Write the checks of the table, and what is unique for each owner."""
    found = []
    for field in resource.fields:
        if field.type == "money":
            found.append(f'CheckConstraint("{field.name} >= 0", name="{field.name}_not_negative")')
        elif field.type == "enum":
            values = ", ".join(f"'{value}'" for value in field.arguments)
            found.append(
                f'CheckConstraint("{field.name} IN ({values})", name="{field.name}_known")'
            )
        elif field.bounds:
            low = field.bounds[0]
            name = f"{field.name}_not_negative" if low == 0 else f"{field.name}_in_bounds"
            found.append(f'CheckConstraint("{field.name} >= {low}", name="{name}")')
        if resource.owned and "unique" in field.options:
            found.append(f'UniqueConstraint("owner_id", "{field.column}")')
    return f"__table_args__ = ({', '.join(found)},)" if found else ""


def column(resource: Resource, field: Field, kind: Kind) -> str:
    """Write the column."""
    arguments = [kind.column] if kind.column else []
    if "unique" in field.options and not resource.owned:
        arguments.append("unique=True")
    elif field.target or "index" in field.options:
        arguments.append("index=True")
    if field.default is not None:
        arguments.append(f"default={source(field.default)}")
    value = f" = mapped_column({', '.join(arguments)})" if arguments else ""
    return f"{field.column}: Mapped[{optional(field, kind.python)}]{value}"


def alias(resource: Resource, field: Field) -> str:
    """Name the type of an enum or of a number with bounds, for the schemas."""
    name = resource.class_name + camel(field.name)
    if field.type == "enum":
        return f"{name} = Literal[{', '.join(map(quoted, field.arguments))}]"
    if not field.bounds:
        return ""
    low, high = field.bounds
    field_of = f"Field(ge={low:_}, le={high:_}, examples=[{min(max(12, low), high)}])"
    return lines(
        [
            f"{name} = Annotated[int, {field_of}, JSON_INTEGER]",
            f"{name}Query = Annotated[int, {field_of}, QUERY_INTEGER]",
        ]
    ).rstrip()


def search(resource: Resource) -> str:
    """Search the texts; without any, nothing is found."""
    texts = [f for f in resource.fields if f.type in {"str", "text"}]
    found = [
        f"{resource.class_name}.{f.name}.icontains(query.q, autoescape=True)" for f in texts
    ] or ["false()"]
    if len(found) == 1:
        return f"if query.q:\n    conditions.append({found[0]})"
    return f"if query.q:\n    texts = [{', '.join(found)}]\n    conditions.append(or_(*texts))"


def condition(resource: Resource, field: Field) -> str:
    """Write the filters of a field."""
    found = []
    attribute = f"{resource.class_name}.{field.column}"
    for name in field.filters:
        test = {
            f"min_{field.name}": f"{attribute} >= query.{name}",
            f"max_{field.name}": f"{attribute} <= query.{name}",
            f"in_{field.name}": f"{attribute} > 0 if query.{name} else {attribute} <= 0",
        }.get(name, f"{attribute} == query.{name}")
        found.append(f"if query.{name} is not None:\n    conditions.append({test})")
    return lines(found).rstrip()


def taken_error(resource: Resource, field: Field) -> str:
    """Define the error of a value that is taken."""
    words = field.column.replace("_", " ")
    whose = "Another of your" if resource.owned else "Another"
    what = resource.plural if resource.owned else resource.name
    sentence = f"{whose} {what.replace('_', ' ')} has this {words}."
    code = '    code = "name_taken"\n' if field.column == "name" else ""
    return error_class(f"{taken_name(field)}(ConflictError)", sentence, code)


def missing_error(field: Field, target: Target) -> str:
    """Define the error of a reference to a row that is missing."""
    sentence = f"There is no {target.name.replace('_', ' ')} with this `{field.column}`."
    return error_class(f"{missing_name(field)}(NotFoundError)", sentence)


def error_class(name: str, sentence: str, code: str = "") -> str:
    """Define an error."""
    return f'class {name}:\n    """{sentence}"""\n\n{code}    detail = "{sentence}"\n\n'


def reference(field: Field, target: Target) -> str:
    """Look for the row that a field refers to."""
    hidden = f" or {field.name}.owner_id != self.owner_id" if target.owned else ""
    return (
        f'if ({field.column} := values.get("{field.column}")) is not None:\n'
        f"    {field.name} = await self.session.get(\n"
        f"        {camel(target.name)}, {field.column}, with_for_update=lock\n"
        f"    )\n"
        f"    if {field.name} is None{hidden}:\n"
        f"        raise {missing_name(field)}"
    )
