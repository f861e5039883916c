"""Headers that whole routers share."""

from urllib.parse import quote

from fastapi import Request, Response


async def no_store(response: Response) -> None:
    """Keep an answer about a person out of every cache (RFC 9111 §5.2.2.5)."""
    response.headers["Cache-Control"] = "no-store"


def location(request: Request, path: str) -> str:
    """Say where something is, with the prefix that a proxy takes away."""
    return f"{quote(request.scope.get('root_path', ''))}{path}"


def cache_headers(hit: bool | None) -> dict[str, str]:
    """Say whether the answer came from our cache; nothing if there is none."""
    return {} if hit is None else {"X-Cache": "HIT" if hit else "MISS"}
