"""Mail as the services see it: a port. What is behind it depends on the features."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession


def new_mail_id() -> str:
    """Make an id that no other mail has."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one person. `template` names the files in app/email/templates/.

    However often it is sent, it has one `id`, by which mail servers know it again.
    """

    to: str
    template: str
    context: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=new_mail_id, compare=False)


class Mailer(Protocol):
    """Takes mail, and sends it after the commit."""

    async def post(self, session: AsyncSession, mail: Mail) -> None:
        """Send `mail` once the session's transaction is committed; never if it is undone."""
        ...
