"""Headers that whole routers share."""

from fastapi import Response


async def no_store(response: Response) -> None:
    """Keep an answer about a person out of every cache (RFC 9111 §5.2.2.5)."""
    response.headers["Cache-Control"] = "no-store"


def cache_headers(hit: bool | None) -> dict[str, str]:
    """Say whether the answer came from our cache; nothing if there is none."""
    return {} if hit is None else {"X-Cache": "HIT" if hit else "MISS"}
