"""The `email` feature: mail is sent by this process, unless another feature replaces the mailer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.datastructures import State

from app.core.feature import Feature
from app.email.addresses import accept_reserved_domains
from app.email.background import make_mailer
from app.email.settings import EmailSettings


def _setup(app: FastAPI) -> None:
    accept_reserved_domains(EmailSettings.load().reserved_domains)
    app.state.mailer = make_mailer(app.state.settings)
    app.state.background_mailer = app.state.mailer


@asynccontextmanager
async def _worker(_: State) -> AsyncGenerator[None, None]:
    """Workers accept the same addresses in jobs as the server does."""
    accept_reserved_domains(EmailSettings.load().reserved_domains)
    yield


email = Feature(
    name="email",
    setup=_setup,
    lifespan=lambda app: app.state.background_mailer.open(),
    worker_lifespan=_worker,
)
