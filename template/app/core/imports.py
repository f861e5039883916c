"""Faster imports, for programs that import the whole service."""

import gc
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def garbage_collection_paused() -> Generator[None]:
    """Import without garbage collection: what is created stays, so a sixth of the time is lost."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
