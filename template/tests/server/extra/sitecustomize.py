"""Python runs this in every process that has this folder in its path: routes for the tests."""

import asyncio
import os
from pathlib import Path
from typing import Any

from fastapi import FastAPI, WebSocket

from tests.blueprint.mount import mount

mount()
make = FastAPI.__init__


def make_with_more(self: FastAPI, *arguments: Any, **options: Any) -> None:
    """Make an app that also says who answers, can be slow, and echoes what a WebSocket says."""
    make(self, *arguments, **options)
    self.add_api_route("/process", identify)
    self.add_api_route("/slow/{seconds}", be_slow)
    self.add_api_websocket_route("/echo", echo)


async def identify() -> int:
    """Name the process."""
    return os.getpid()


async def be_slow(seconds: float) -> dict[str, float]:
    """Take a while, and leave a sign that the request has come."""
    await asyncio.to_thread(Path("slow").touch)
    await asyncio.sleep(seconds)
    return {"slept": seconds}


async def echo(websocket: WebSocket) -> None:
    """Repeat every message."""
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)


FastAPI.__init__ = make_with_more
