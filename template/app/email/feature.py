"""The `email` feature: mail is sent by this process, unless another feature replaces the mailer."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.datastructures import State

from app.core.config import Settings
from app.core.feature import Feature
from app.email.addresses import accept_reserved_domains
from app.email.backends import make_backend
from app.email.background import BackgroundMailer
from app.email.rendering import Renderer
from app.email.settings import EmailSettings


def _setup(app: FastAPI) -> None:
    settings: Settings = app.state.settings
    own = EmailSettings.load()
    accept_reserved_domains(own.reserved_domains)
    renderer = Renderer(
        project_name=settings.project_name, password_reset_url=own.password_reset_url
    )
    app.state.mailer = BackgroundMailer(renderer, make_backend(own, settings))
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
