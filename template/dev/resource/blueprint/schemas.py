"""Schemas of specimens."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, Field, StrictBool

from app.schemas.base import (
    JSON_INTEGER,
    QUERY_INTEGER,
    Amount,
    Date,
    Input,
    LongText,
    Output,
    OutputInteger,
    OutputText,
    Price,
    ShortText,
    UtcDateTime,
)
from app.schemas.pagination import ListQuery, PageQuery

# begin types
SpecimenStock = Annotated[int, Field(ge=0, le=1_000_000_000, examples=[12]), JSON_INTEGER]
SpecimenStockQuery = Annotated[int, Field(ge=0, le=1_000_000_000, examples=[12]), QUERY_INTEGER]
SpecimenGrade = Literal["basic", "fine"]
# end


class SpecimenCreate(Input):
    """A new specimen."""

    # begin create
    name: ShortText
    description: LongText | None = None
    price: Price
    stock: SpecimenStock = 0
    active: StrictBool = True
    made_on: Date | None = None
    tested_at: UtcDateTime | None = None
    serial: UUID | None = None
    grade: SpecimenGrade = "basic"
    parent_id: UUID | None = None
    # end


class SpecimenUpdate(Input):
    """Changes to a specimen. A field that is left out stays as it is."""

    # begin update
    name: ShortText | MISSING = MISSING
    description: LongText | None | MISSING = MISSING
    price: Price | MISSING = MISSING
    stock: SpecimenStock | MISSING = MISSING
    active: StrictBool | MISSING = MISSING
    made_on: Date | None | MISSING = MISSING
    tested_at: UtcDateTime | None | MISSING = MISSING
    serial: UUID | None | MISSING = MISSING
    grade: SpecimenGrade | MISSING = MISSING
    parent_id: UUID | None | MISSING = MISSING
    # end


class SpecimenRead(Output):
    """A specimen."""

    id: UUID
    # begin read
    name: OutputText
    description: OutputText | None
    price: Amount
    stock: OutputInteger
    active: bool
    made_on: dt.date | None
    tested_at: dt.datetime | None
    serial: UUID | None
    grade: SpecimenGrade
    parent_id: UUID | None
    # end
    version: Annotated[
        int, Field(description="Grows with every change; also the ETag", examples=[3])
    ]
    created_at: dt.datetime
    updated_at: dt.datetime


class SpecimenFilter(ListQuery):
    """Filters of every list of specimens."""

    # begin filters
    name: ShortText | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    min_stock: SpecimenStockQuery | None = None
    max_stock: SpecimenStockQuery | None = None
    in_stock: bool | None = None
    active: bool | None = None
    min_made_on: Date | None = None
    max_made_on: Date | None = None
    min_tested_at: UtcDateTime | None = None
    max_tested_at: UtcDateTime | None = None
    serial: UUID | None = None
    grade: SpecimenGrade | None = None
    parent_id: UUID | None = None
    # end


class SpecimenQuery(PageQuery, SpecimenFilter):
    """Query parameters of the list."""

    sort: Literal[
        "created_at",
        "-created_at",
        # begin sorts
        "name",
        "-name",
        "description",
        "-description",
        "price",
        "-price",
        "stock",
        "-stock",
        "active",
        "-active",
        "made_on",
        "-made_on",
        "tested_at",
        "-tested_at",
        "serial",
        "-serial",
        "grade",
        "-grade",
        "parent_id",
        "-parent_id",
        # end
    ] = "-created_at"
