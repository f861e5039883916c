"""Python runs this in every process that has this folder in its path: a route that calls out."""

import os
from typing import Any

from fastapi import FastAPI

from tests.http_client.routes import CALL, make_call

make = FastAPI.__init__


def make_with_call(self: FastAPI, *arguments: Any, **options: Any) -> None:
    """Make an app that also calls the service at `CALLED_URL`."""
    make(self, *arguments, **options)
    self.add_api_route(CALL, make_call(os.environ["CALLED_URL"]))


FastAPI.__init__ = make_with_call
