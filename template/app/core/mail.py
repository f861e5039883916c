"""Mail as the services see it: a port. What is behind it depends on the features."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one person. `template` names the files in app/email/templates/."""

    to: str
    template: str
    context: Mapping[str, str] = field(default_factory=dict)


class Mailer(Protocol):
    """Takes mail, and sends it after the commit."""

    async def post(self, session: AsyncSession, mail: Mail) -> None:
        """Send `mail` once the session's transaction is committed; never if it is undone."""
        ...
