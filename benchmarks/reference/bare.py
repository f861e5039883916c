"""The least that FastAPI can do: one route with a response model."""

from fastapi import FastAPI
from pydantic import BaseModel


class Liveness(BaseModel):
    """The answer of the service's own probe."""

    status: str = "alive"


app = FastAPI()


@app.get("/health/live")
async def live() -> Liveness:
    """Answer."""
    return Liveness()
