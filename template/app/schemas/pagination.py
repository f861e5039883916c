"""Offset pagination: lists in numbered pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Self, TypeVar

from pydantic import BaseModel, Field, computed_field

from app.schemas.base import QUERY_INTEGER, SafeText

T = TypeVar("T")


class ListQuery(BaseModel):
    """The query parameters of every list. Subclasses add filters."""

    size: Annotated[int, Field(ge=1, le=100, description="Rows a page"), QUERY_INTEGER] = 20
    q: Annotated[
        SafeText | None,
        Field(max_length=200, description="Text to search, case-insensitively", examples=["tea"]),
    ] = None


class PageQuery(ListQuery):
    """The query parameters of a list in numbered pages. Subclasses add `sort`."""

    page: Annotated[
        int, Field(ge=1, le=1_000_000, description="Page number, from 1"), QUERY_INTEGER
    ] = 1

    @property
    def offset(self) -> int:
        """The number of rows before the page."""
        return (self.page - 1) * self.size


@dataclass(frozen=True, slots=True)
class PageRows:
    """The rows of one page, and the number of rows on all pages."""

    rows: Sequence[Any]
    total: int


class Page(BaseModel, Generic[T]):
    """One page of a list. A page past the end is empty."""

    items: list[T]
    total: Annotated[int, Field(ge=0, examples=[97])]
    page: Annotated[int, Field(examples=[1])]
    size: Annotated[int, Field(examples=[20])]

    @computed_field(examples=[5])
    @property
    def pages(self) -> int:
        """The number of pages."""
        return -(-self.total // self.size)

    @computed_field
    @property
    def has_next(self) -> bool:
        """Whether there is a next page."""
        return self.page < self.pages

    @classmethod
    def of(cls, part: PageRows, query: PageQuery) -> Self:
        """Turn database rows into a page."""
        values = {"items": part.rows, "total": part.total, "page": query.page, "size": query.size}
        return cls.model_validate(values, from_attributes=True)
