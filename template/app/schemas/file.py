"""Response bodies and queries of files."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.schemas.base import Output
from app.schemas.pagination import PageQuery

# The hash of an empty file.
SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


class FileRead(Output):
    """A file. `sha256` is the hash of its content, in hexadecimal digits."""

    id: UUID
    filename: Annotated[str, Field(examples=["receipt.pdf"])]
    content_type: Annotated[str, Field(examples=["application/pdf"])]
    size: Annotated[int, Field(ge=0, description="Bytes", examples=[48213])]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$", examples=[SHA256])]
    created_at: datetime


class FileQuery(PageQuery):
    """Query of a list of files. `q` searches the name; `name` is the same as `filename`."""

    sort: Literal[
        "created_at", "-created_at", "filename", "-filename", "name", "-name", "size", "-size"
    ] = "-created_at"
