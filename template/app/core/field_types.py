"""Field types: text that every database can store, and integers as the JSON schema says.

Pydantic accepts more spellings of an integer.
"""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticKnownError


def reject_unstorable(text: str) -> str:
    """Reject NUL, which PostgreSQL cannot store, and lone surrogates, which UTF-8 cannot encode."""
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must not contain lone surrogates") from None
    return text


SafeText = Annotated[
    str,
    AfterValidator(reject_unstorable),
    Field(json_schema_extra={"pattern": "^[^\\u0000]*$"}),
]


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
