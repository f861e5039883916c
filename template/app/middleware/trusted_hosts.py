"""Refuses requests for a host that this service does not serve."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.errors import problem


class TrustedHostsMiddleware:
    """Allows the hosts listed; `*.example.com` stands for every subdomain."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app = app
        self.names = {host.lower() for host in hosts}
        self.suffixes = tuple(host.lower()[1:] for host in hosts if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 400 to other hosts."""
        if scope["type"] == "lifespan" or self._serves(Headers(scope=scope).get("host", "")):
            await self.app(scope, receive, send)
            return
        refusal = problem(scope, 400, "bad_request", "This service does not serve that host.")
        await refusal(scope, receive, send)

    def _serves(self, header: str) -> bool:
        name = header.lower()
        if not name.endswith("]"):  # [::1] without a port
            name = name.rsplit(":", 1)[0] if ":" in name else name
        return "*" in self.names or name in self.names or name.endswith(self.suffixes or "\n")
