"""Rejects requests for unknown hosts, as Starlette's middleware, but with problem+json."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.problem import problem_response


class TrustedHostsMiddleware:
    """Allows the hosts listed; `*.example.com` matches every subdomain."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app = app
        self.names = {host.lower() for host in hosts}
        self.suffixes = tuple(host.lower()[1:] for host in hosts if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond 400 to other hosts."""
        if scope["type"] == "lifespan" or self._serves(Headers(scope=scope).get("host", "")):
            await self.app(scope, receive, send)
            return
        detail = "This service does not serve that host."
        await problem_response(scope, 400, "bad_request", detail)(scope, receive, send)

    def _serves(self, header: str) -> bool:
        name = header.lower()
        if not name.endswith("]"):  # [::1] without a port
            name = name.rsplit(":", 1)[0] if ":" in name else name
        return "*" in self.names or name in self.names or name.endswith(self.suffixes or "\n")
