"""Whole numbers as JSON and URLs write them; Python reads more spellings than the schema allows."""

import re
from typing import Any

from pydantic import BeforeValidator
from pydantic_core import PydanticKnownError


def refuse_other_types(value: Any) -> Any:
    """Refuse `true` and `"1"` in a body, where the schema says integer."""
    if isinstance(value, bool | str):
        raise PydanticKnownError("int_type")
    return value


def refuse_other_spellings(value: Any) -> Any:
    """Refuse `1_000` and digits of other scripts in a URL."""
    if isinstance(value, str) and not re.fullmatch("-?[0-9]+", value):
        raise PydanticKnownError("int_parsing")
    return value


# In a body, and in a query; behind the bounds: `Annotated[int, Field(ge=1), JSON_INTEGER]`.
JSON_INTEGER = BeforeValidator(refuse_other_types)
QUERY_INTEGER = BeforeValidator(refuse_other_spellings)
