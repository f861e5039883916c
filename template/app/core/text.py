"""Text that every database can store."""

from typing import Annotated

from pydantic import AfterValidator, Field


def storable(text: str) -> str:
    """Refuse NUL, which PostgreSQL cannot store; lone surrogates never get this far."""
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    return text


Text = Annotated[
    str,
    AfterValidator(storable),
    Field(json_schema_extra={"pattern": "^[^\\u0000]*$"}),
]
