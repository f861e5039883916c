"""Items as version 2 of the API asks for them."""

from typing import Annotated

from pydantic import Field

from app.schemas.item import ItemFilter


class ItemCursorQuery(ItemFilter):
    """Which items, from which place on."""

    cursor: Annotated[
        str, Field(description="The `next_cursor` of the page before; empty for the first")
    ] = ""
