"""Values of items for the tests."""

from typing import Any

# Another value of each field that refers to no row.
CHANGES: list[tuple[str, Any]] = [
    ("name", "Another"),
    ("description", "Another"),
    ("price", "19.90"),
    ("stock", 1),
]
# Fields, filters of the list that these match, and filters that they do not match.
FILTERS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"name": "Another"}, {"q": "NOTHE"}, {"q": "%"}),
    ({"name": "Another"}, {"name": "Another"}, {"name": "another"}),
    ({"description": "Another"}, {"q": "NOTHE"}, {"q": "%"}),
    ({"price": "19.90"}, {"min_price": "19.90"}, {"max_price": "19.89"}),
    ({"price": "19.90"}, {"max_price": "19.90"}, {"min_price": "19.91"}),
    ({"stock": 1}, {"min_stock": 1}, {"max_stock": 0}),
    ({"stock": 1}, {"max_stock": 1}, {"min_stock": 2}),
    ({"stock": 0}, {"in_stock": False}, {"in_stock": True}),
]
# Values that are refused.
BAD: list[tuple[str, Any]] = [
    ("name", ""),
    ("name", "a" * 101),
    ("name", "\x00"),
    ("name", 7),
    ("name", None),
    ("description", "a" * 10_001),
    ("description", "\x00"),
    ("description", 7),
    ("price", "-0.01"),
    ("price", "1.001"),
    ("price", "10000000000"),
    ("price", None),
    ("stock", -1),
    ("stock", 1000000001),
    ("stock", "5"),
    ("stock", 1.5),
    ("stock", None),
]
SORTS: list[str] = ["created_at", "name", "description", "price", "stock"]
# Fields whose values are taken once, and the code of the error.
UNIQUE: list[tuple[str, str]] = [("name", "name_taken")]
# Fields that refer to another row, and where that is.
REFERENCES: list[tuple[str, str]] = []
# Those that only refer to rows of the same owner.
OWN_REFERENCES: list[str] = []
