"""What docs/extending.md adds works: copied into a project to which its blocks were applied."""

import os
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import ALL_PERMISSIONS, Permission
from app.core.events import Event
from app.core.mail import Mail
from app.core.settings import SettingsError
from app.core.tea import TeaSettings
from app.email.backends import Renderer
from app.models.user import User
from app.services.tea import mail_tea
from app.services.tea_event import TeaRead, publish_tea
from app.services.tea_brewing import brew
from app.websocket.feature import event_payload
from app.workers import tasks
from app.workers.settings import JobSettings, celery_config
from dev.reference.page import page
from tests.workers.inline import run_due


@dataclass
class Recorder:
    """A mailer and publisher that only keeps what it gets."""

    mails: list[Mail] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    async def send_after_commit(self, session: AsyncSession, mail: Mail) -> None:
        self.mails.append(mail)

    def publish_event(self, session: AsyncSession, event: Event) -> None:
        self.events.append(event)


def test_the_setting_is_read_and_a_wrong_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert TeaSettings.load().tea_minutes == 4
    monkeypatch.setenv("TEA_MINUTES", "0")
    with pytest.raises(SettingsError, match="TEA_MINUTES"):
        TeaSettings.load()


async def test_the_middleware_adds_its_header_to_errors_too(client: AsyncClient) -> None:
    for path in ("/health", "/nothing"):
        assert (await client.get(path)).headers["tea-minutes"] == "4"


def test_the_app_has_one_teapot(app: FastAPI) -> None:
    assert app.state.teapot.cups == 8


async def test_the_job_runs(client: AsyncClient, app: FastAPI) -> None:
    body = {"type": "tea.brew", "payload": {"cups": 2}}
    accepted = await client.post("/api/v1/jobs", json=body)
    await run_due(app)

    job = (await client.get(accepted.headers["location"])).json()
    assert (job["status"], job["result"]) == ("succeeded", {"cups": 2})


def test_the_periodic_task_is_scheduled() -> None:
    entry = celery_config(JobSettings.load())["beat_schedule"]["refill"]

    assert entry["task"] == tasks.refill_tea.name


async def test_the_mail_is_rendered(session: AsyncSession, user: User) -> None:
    recorder = Recorder()
    await mail_tea(session, recorder, user)

    renderer = Renderer(project_name="Teapots", password_reset_url="", email_verification_url="")
    mail = renderer.render(recorder.mails[0])
    assert mail.subject == "Your tea is ready"
    assert "your tea at Teapots is ready" in mail.text
    assert "your tea at Teapots is ready" in mail.html


async def test_the_event_has_its_object(session: AsyncSession, user: User) -> None:
    recorder = Recorder()
    publish_tea(session, recorder, user.id, TeaRead(kind="green"))

    assert event_payload(recorder.events[0]) == {"event": "tea.ready", "tea": {"kind": "green"}}


async def test_the_metric_is_exposed(client: AsyncClient) -> None:
    brew("green")

    text = (await client.get("/metrics")).text
    assert 'tea_brewed_total{kind="green"} 1.0' in text
    assert 'tea_brewed_total{kind="black"} 0.0' in text


def test_the_permission_exists() -> None:
    assert Permission("tea:brew") in ALL_PERMISSIONS


@pytest.mark.usefixtures("app")
async def test_the_reference_lists_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ENVIRONMENT", "DATABASE_URL", "SECRET_KEY"):
        monkeypatch.setenv(name, os.environ[name])

    found = page()

    assert "| `TEA_MINUTES` | whole number, ≥ 1, ≤ 60 | `4` | Minutes that tea draws |" in found
    assert "| `tea_brewed_total` | counter | `kind` | Pots of tea brewed |" in found
    assert "| `tea.ready` | `TeaRead` |" in found
