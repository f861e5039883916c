"""Values of specimens for the tests."""

from typing import Any

# begin cases
# Another value of each field that refers to no row.
CHANGES: list[tuple[str, Any]] = [
    ("name", "Another"),
    ("description", "Another"),
    ("price", "19.90"),
    ("stock", 6),
    ("active", False),
    ("made_on", "2031-01-31"),
    ("tested_at", "2031-01-31T12:00:00Z"),
    ("serial", "0198c5a4-6f0e-7c3b-9d51-2b7c8e4f1a61"),
    ("grade", "fine"),
]
# Fields, filters of the list that these match, and filters that they do not match.
FILTERS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"name": "Another"}, {"name": "Another"}, {"name": "another"}),
    ({"name": "Another"}, {"q": "NOTHE"}, {"q": "%"}),
    ({"description": "Another"}, {"q": "NOTHE"}, {"q": "_other"}),
    ({"price": "19.90"}, {"min_price": "19.90"}, {"max_price": "19.89"}),
    ({"price": "19.90"}, {"max_price": "19.90"}, {"min_price": "19.91"}),
    ({"stock": 6}, {"min_stock": 6}, {"max_stock": 5}),
    ({"stock": 6}, {"max_stock": 6}, {"min_stock": 7}),
    ({"stock": 0}, {"in_stock": False}, {"in_stock": True}),
    ({"active": False}, {"active": False}, {"active": True}),
    ({"made_on": "2031-01-31"}, {"min_made_on": "2031-01-31"}, {"max_made_on": "2031-01-30"}),
    ({"made_on": "2031-01-31"}, {"max_made_on": "2031-01-31"}, {"min_made_on": "2031-02-01"}),
    (
        {"tested_at": "2031-01-31T12:00:00Z"},
        {"min_tested_at": "2031-01-31T13:00:00+01:00"},
        {"max_tested_at": "2031-01-31T11:59:59Z"},
    ),
    (
        {"serial": "0198c5a4-6f0e-7c3b-9d51-2b7c8e4f1a61"},
        {"serial": "0198c5a4-6f0e-7c3b-9d51-2b7c8e4f1a61"},
        {"serial": "0198c5a4-6f0e-7c3b-9d51-2b7c8e4f1a62"},
    ),
    ({"grade": "fine"}, {"grade": "fine"}, {"grade": "basic"}),
]
# Values that are refused.
BAD: list[tuple[str, Any]] = [
    ("name", ""),
    ("name", "a" * 101),
    ("name", "\x00"),
    ("name", None),
    ("description", "a" * 10_001),
    ("price", "-0.01"),
    ("price", "1.001"),
    ("price", "10000000000"),
    ("stock", -1),
    ("stock", 1_000_000_001),
    ("stock", "5"),
    ("active", "yes"),
    ("made_on", "2030-02-30"),
    ("made_on", 0),
    ("tested_at", "2030-01-31T12:00:00"),
    ("tested_at", "0001-01-01T00:00:00+23:59"),
    ("serial", "no-id"),
    ("grade", "no such"),
]
SORTS: list[str] = [
    "created_at",
    "name",
    "description",
    "price",
    "stock",
    "active",
    "made_on",
    "tested_at",
    "serial",
    "grade",
    "parent_id",
]
# Fields whose values are taken once, and the code of the error.
UNIQUE: list[tuple[str, str]] = [("name", "name_taken")]
# Fields that refer to another row, and where that is.
REFERENCES: list[tuple[str, str]] = [("parent_id", "/api/v1/specimens")]
# Those that only refer to rows of the same owner.
OWN_REFERENCES: list[str] = []
# end
