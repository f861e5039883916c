"""The mailer port. Which implementation is behind it depends on the features."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession


def new_mail_id() -> str:
    """Return a unique id."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one address. `template` names the files in app/email/templates/.

    Every attempt to send it has the same `id`, so that mail servers recognise duplicates.
    """

    to: str
    template: str
    context: Mapping[str, str] = field(default_factory=dict)
    id: str = field(default_factory=new_mail_id, compare=False)


class Mailer(Protocol):
    """Sends mail after the commit."""

    async def send_after_commit(self, session: AsyncSession, mail: Mail) -> None:
        """Send `mail` after the session's transaction is committed; never if it is rolled back."""
        ...
