"""Field types for integers: Pydantic accepts more spellings than the JSON schema says."""

import re
from typing import Any

from pydantic import BeforeValidator
from pydantic_core import PydanticKnownError


def reject_other_types(value: Any) -> Any:
    """Reject `true` and `"1"` in a body, where the schema says integer."""
    if isinstance(value, bool | str):
        raise PydanticKnownError("int_type")
    return value


def reject_other_spellings(value: Any) -> Any:
    """Reject `1_000` and digits of other scripts in a URL."""
    if isinstance(value, str) and not re.fullmatch("-?[0-9]+", value):
        raise PydanticKnownError("int_parsing")
    return value


# For a body, and for a query; after the bounds: `Annotated[int, Field(ge=1), JSON_INTEGER]`.
JSON_INTEGER = BeforeValidator(reject_other_types)
QUERY_INTEGER = BeforeValidator(reject_other_spellings)
