"""Mail as a feature: sent by this process, unless another feature takes it over."""

from fastapi import FastAPI

from app.core.config import Settings
from app.core.feature import Feature
from app.email.backends import make_backend
from app.email.background import BackgroundMailer
from app.email.rendering import Renderer
from app.email.settings import EmailSettings


def _setup(app: FastAPI) -> None:
    settings: Settings = app.state.settings
    own = EmailSettings.load()
    renderer = Renderer(
        project_name=settings.project_name, password_reset_url=own.password_reset_url
    )
    app.state.mailer = BackgroundMailer(renderer, make_backend(own, settings))
    app.state.background_mailer = app.state.mailer


email = Feature(name="email", setup=_setup, lifespan=lambda app: app.state.background_mailer.open())
