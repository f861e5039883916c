"""Field types that schemas share. Text that a database can store is `app.core.text.SafeText`."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

AMOUNT_PATTERN = r"^[0-9]{1,10}(\.[0-9]{1,2})?$"


def check_spelling(amount: Any) -> Any:
    """Reject `1e2`, `1_000` and digits of other scripts, which Python would accept."""
    if isinstance(amount, bool) or (
        isinstance(amount, str) and not re.fullmatch(AMOUNT_PATTERN, amount)
    ):
        raise ValueError("must be like 24.90: up to 10 digits, and up to 2 after the point")
    return amount


def in_cents(amount: Decimal) -> Decimal:
    """Return the amount with two decimal places, and zero without a sign."""
    return abs(amount).quantize(Decimal("0.01"))


# An amount of money in a body, as a string: many JSON parsers read numbers as binary fractions.
# Numbers are accepted too.
Price = Annotated[
    Decimal,
    Field(ge=0, max_digits=12, decimal_places=2),
    BeforeValidator(check_spelling),
    AfterValidator(in_cents),
    WithJsonSchema({"type": "string", "pattern": AMOUNT_PATTERN, "examples": ["24.90"]}),
]
# In a response.
Amount = Annotated[Decimal, Field(examples=["24.90"])]
