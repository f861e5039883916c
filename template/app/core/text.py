"""A field type for text that every database can store."""

from typing import Annotated

from pydantic import AfterValidator, Field


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
