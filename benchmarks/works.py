"""What is measured: four requests, as every program answers them."""

from dataclasses import dataclass

ITEM = '{"name": "UNIQUE", "price": "9.99", "stock": 3}'


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of request. `clients` send it at the same time, in a burst of `requests`."""

    name: str
    path: str
    method: str = "GET"
    body: str = ""
    requests: int = 48
    clients: int = 8


WORKS = {
    work.name: work
    for work in (
        Work("live", "/health/live", requests=200, clients=1),
        Work("me", "/api/v1/users/me"),
        Work("list", "/api/v1/items?size=50"),
        Work("create", "/api/v1/items", "POST", ITEM),
    )
}
