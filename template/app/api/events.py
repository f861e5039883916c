"""Whom services tell of changes."""

from typing import Annotated

from fastapi import Depends, Request

from app.core.events import NO_EVENTS, Events


async def get_events(request: Request) -> Events:
    """Those who watch, if a feature lets them."""
    return getattr(request.app.state, "events", NO_EVENTS)


EventsDep = Annotated[Events, Depends(get_events)]
