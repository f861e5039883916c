"""Lines of `just resource`."""

import random
from collections.abc import Sequence

SMALLEST = "testimonial body:text"
EVERY_KIND = (
    'sample number:str:unique "remark:text?" "size:int(-5,5)=-1" "total:int?:index"'
    ' amount:money=1.50 open:bool=true due_on:date=2030-01-31 "sent_at:datetime?" token:uuid:unique'
    ' "status:enum(draft,sent)=sent" "parent:ref(sample)?" client:str password:str=secret'
    ' "kind:enum(specimen,Specimen)" starts_at:datetime:unique "order:ref(sample)?:unique" --cached'
)
REFERRING = (
    "regional_customer_association name:str:unique --plural regional_customers",
    'invoice "customer:ref(regional_customer_association)" amount:money --plural bills',
)
TYPES = {
    "str": ["", ":unique", ":index", "=some"],
    "text": ["", "=some"],
    "int": ["", ":unique", ":index", "=7"],
    "int(0,1000)": ["", ":index", ":counted", "=7"],
    "money": ["", ":unique", ":index", "=1.50"],
    "bool": ["", ":index", "=false"],
    "date": ["", ":unique", ":index", "=2030-01-31"],
    "datetime": ["", ":unique", ":index", "=2030-01-31T12:00:00Z"],
    "uuid": ["", ":unique", ":index"],
    "enum(a,b)": ["", ":index", "=b"],
    "enum(one)": ["", "=one"],
}


# Words of the generated code, of its tests, of SQL, of Python and of the linter among them.
NAMES = ("client", "fields", "hash", "kind", "line_1", "name", "password", "session", "specimen")
REFERENCES = ("buyer", "group", "order", "parent", "user")


def random_specs(chance: random.Random) -> list[str]:
    """Return the lines of two resources, of which the second may refer to the first."""
    shared = chance.random() < 0.5  # which does not refer to what has an owner
    first = random_spec(chance, "gadget", ["gadget"], shared=shared)
    targets, shared = ["gadget", "order_sheet"], shared and chance.random() < 0.5
    return [first, random_spec(chance, "order_sheet", targets, shared=shared)]


def random_spec(chance: random.Random, name: str, targets: Sequence[str], *, shared: bool) -> str:
    """Return a line of one to six fields, and up to two that refer to a row."""
    words = []
    for field in chance.sample(NAMES, chance.randint(1, 6)):
        kind = chance.choice(list(TYPES))
        null = chance.choice(["", "?"])
        words.append(f'"{field}:{kind}{null}{chance.choice(TYPES[kind])}"')
    for field in chance.sample(REFERENCES, chance.randint(0, 2)):
        target = chance.choice(targets)
        null = "?" if target == name else chance.choice(["", "?"])
        words.append(f'"{field}:ref({target}){null}{chance.choice(["", ":unique"])}"')
    options = {"--shared": shared, "--cached": chance.random() < 0.5}
    return " ".join([name, *words, *(option for option in options if options[option])])
