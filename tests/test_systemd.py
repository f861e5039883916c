"""systemd units and the nginx site: checked by systemd-analyze and nginx, and run."""

import json
import re
import shutil
import socket
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from itertools import product
from pathlib import Path

import pytest

from tests import questions
from tests.conftest import Render
from tests.deployed import (
    CLIENT,
    NAME,
    ComposeNginx,
    Nginx,
    ask,
    echo,
    exec_start,
    install,
    running,
)
from tests.processes import reserved_port, until
from tests.smuggling import UPGRADES, smuggle, upgrading_server
from tests.turns import taking_turns

SLUG = "tea-shop"
UNITS = ("server", "migrate", "worker", "beat")
ANSWERS = {"project_name": "Tea Shop", "preset": "custom", "auth": False, "systemd": True}
needs = pytest.mark.skipif(
    not all(shutil.which(tool, path="/usr/sbin:/usr/bin:/bin") for tool in ("nginx", "openssl")),
    reason="needs nginx and openssl: apt-get install nginx-light openssl",
)
needs_systemd = pytest.mark.skipif(
    not shutil.which("systemd-analyze"), reason="needs systemd: apt-get install systemd"
)


def settings(text: str) -> dict[str, str]:
    """Return the variables that a file of settings assigns."""
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


@pytest.fixture
def units(render: Render, tmp_path: Path) -> list[Path]:
    """Return the units of a service with every feature, where systemd-analyze finds them."""
    source = render(project_name="Tea Shop", preset="full") / "deploy/systemd"
    python = tmp_path / "srv/.venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    made = {f"{SLUG}-{name}.service": source / f"{name}.service" for name in UNITS}
    made[f"{SLUG}-.service.d/hardening.conf"] = source / "hardening.conf"
    for name, file in made.items():
        target = tmp_path / "units" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text().replace(f"/srv/{SLUG}", str(tmp_path / "srv")))
    return sorted((tmp_path / "units").glob("*.service"))


def analyze(units: list[Path], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *options, *map(str, units)],
        env={"SYSTEMD_UNIT_PATH": f"{units[0].parent}:", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


@needs_systemd
def test_systemd_analyze_accepts_the_units(units: list[Path]) -> None:
    """An unknown key is only a line on stderr, with exit code 0."""
    done = analyze(units, "verify", "--man=no")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(units) == len(UNITS)


@needs_systemd
def test_every_unit_is_hardened(units: list[Path]) -> None:
    for unit in units:
        done = analyze([unit], "security", "--offline=true", "--threshold=15")

        assert done.returncode == 0, done.stdout


def test_the_stop_timeout_of_a_unit_covers_the_shutdown(units: list[Path]) -> None:
    [server] = [unit.read_text() for unit in units if unit.stem == f"{SLUG}-server"]
    [seconds] = re.findall(r"^TimeoutStopSec=(\d+)$", server, re.MULTILINE)

    # SHUTDOWN_DRAIN_SECONDS, SHUTDOWN_GRACE_SECONDS and LAST_SECONDS
    assert int(seconds) > 5 + 30 + 5
    assert "KillMode=mixed" in server
    assert "Requires=" not in server


def test_only_a_service_with_jobs_has_units_for_them(render: Render) -> None:
    folder = render(**ANSWERS) / "deploy/systemd"

    names = {file.name for file in folder.iterdir()}
    assert names == {"server.service", "migrate.service", "hardening.conf", "settings.env"}


@pytest.mark.parametrize("database", questions.choices("database"))
def test_the_settings_of_a_deployment_are_settings(render: Render, database: str) -> None:
    project = render(project_name="Tea Shop", preset="full", database=database)

    used = settings((project / "deploy/systemd/settings.env").read_text())
    assert used.keys() <= settings((project / ".env.example").read_text()).keys()
    assert "DATABASE_URL" in used
    # A Prometheus on the host.
    assert "METRICS_TOKEN" in used
    assert "127.0.0.1" in used["TRUSTED_HOSTS"].split(",")
    composed = settings((project / "deploy/compose/settings.env").read_text())
    mail = {name for name in composed if name.startswith(("EMAIL", "SMTP_"))}
    assert {"EMAIL_BACKEND", "SMTP_HOST"} <= mail <= used.keys()


@pytest.mark.parametrize("database", questions.choices("database"))
def test_the_installation_page_fits_the_database(render: Render, database: str) -> None:
    page = (render(preset="full", database=database) / "deploy/README.md").read_text()

    assert ("password of the database" in page) is (database == "postgresql")
    assert "UV_INSTALL_DIR=/usr/local/bin" in page
    [asked] = re.findall(r"^curl (.*) http://127\.0\.0\.1:8000/health/ready$", page, re.MULTILINE)
    assert {"--retry", "--retry-connrefused"} <= set(asked.split())


def test_only_a_502_becomes_a_503_with_retry_after(render: Render) -> None:
    site = (render(preset="full") / "deploy/nginx/site.conf").read_text()

    assert re.findall(r"error_page (.*) =503 @away;", site) == ["502"]


def test_no_secrets_are_copied_to_a_host(render: Render) -> None:
    """Files that belong to the source machine are not copied either."""
    page = (render(project_name="Tea Shop", preset="full") / "deploy/README.md").read_text()
    [options] = re.findall(r"^rsync (--archive .*) \\\n", page, re.MULTILINE)

    assert set(re.findall(r"--exclude (\S+)", options)) == {".env", ".venv", ".local", ".git"}
    assert "--chown=root:root" in options.split()


@pytest.mark.parametrize("celery", [True, False])
def test_a_new_version_migrates_before_anything_stops(render: Render, celery: bool) -> None:
    """systemd stops a unit that restarts before it starts the one that migrates."""
    project = render(project_name="Tea Shop", preset="full", celery=celery)
    part = (project / "deploy/README.md").read_text().partition("## A new version")[2]
    [commands] = re.findall(r"^systemctl start (.*?)\n```$", part, re.MULTILINE | re.DOTALL)

    first, *others = [" ".join(line.split()) for line in commands.split("&&")]
    assert first == f"{SLUG}-migrate"
    workers = [f"systemctl restart {SLUG}-worker {SLUG}-beat"] if celery else []
    assert others == [*workers, f"systemctl restart {SLUG}-server"]


def test_certificates_are_renewed_while_nginx_serves(render: Render) -> None:
    project = render(preset="full")
    page = (project / "deploy/README.md").read_text()
    site = (project / "deploy/nginx/site.conf").read_text()
    [options] = re.findall(r"^certbot certonly (.*)$", page, re.MULTILINE)
    [root] = re.findall(r"location /\.well-known/acme-challenge/ \{\s+root (\S+);", site)

    assert f"--webroot --webroot-path {root} " in options
    assert "stop" not in options


SERVERS = questions.choices("server")


@pytest.fixture(params=taking_turns(SERVERS, 2))
def server(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def project(copy: Callable[..., Path], server: str) -> Path:
    wanted = {"docker", "metrics", "systemd"}
    toggles = {name: name in wanted for name in questions.toggles()}
    project = copy(**(ANSWERS | toggles), server=server, database="sqlite")
    install(project)
    return project


class RequestLoop(threading.Thread):
    """A client that sends requests in a loop, and counts the kinds of responses."""

    def __init__(self, nginx: Nginx) -> None:
        super().__init__(daemon=True)
        self.nginx = nginx
        self.enough = threading.Event()
        self.seen: Counter[str] = Counter()

    def run(self) -> None:
        while not self.enough.wait(0.02):
            try:
                response = self.nginx.get("/slow/0.01")
                away = response.status == 503 and response.getheader("Retry-After") == "1"
                self.seen["away" if away else str(response.status)] += 1
            except Exception as error:
                self.seen[repr(error)] += 1


@pytest.fixture
def deployment(project: Path, tmp_path: Path) -> dict[str, str]:
    """Return the deployment's settings, except database file, port and timeouts."""
    text = (project / "deploy/systemd/settings.env").read_text()
    own = {name: value for name, value in settings(text).items() if value}
    changed = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/app.db",
        "PORT": str(reserved_port()),
        "SHUTDOWN_DRAIN_SECONDS": "1",
        "PYTHONPATH": f"{project}:{project}/tests/server/extra",
    }
    return own | changed


@contextmanager
def started(nginx: Nginx) -> Generator[Nginx]:
    """Check the configuration, and run nginx with it."""
    checked = subprocess.run([*nginx.command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "warn" not in checked.stderr
    with running(nginx.command, nginx.folder):
        until(nginx.listens)
        yield nginx


@pytest.fixture
def nginx(project: Path, deployment: dict[str, str], tmp_path: Path) -> Iterator[Nginx]:
    folder = tmp_path / "nginx"
    folder.mkdir()
    site = project / "deploy/nginx/site.conf"
    with started(Nginx(site, folder, int(deployment["PORT"]))) as nginx:
        yield nginx


@pytest.fixture
def compose_nginx(project: Path, deployment: dict[str, str], tmp_path: Path) -> Iterator[Nginx]:
    folder = tmp_path / "compose"
    folder.mkdir()
    site = project / "deploy/compose/nginx.conf"
    with started(ComposeNginx(site, folder, int(deployment["PORT"]))) as nginx:
        yield nginx


@needs
@pytest.mark.parametrize(
    ("site", "kind"),
    [("deploy/nginx/site.conf", Nginx), ("deploy/compose/nginx.conf", ComposeNginx)],
)
def test_nginx_refuses_h2c_smuggling(
    render: Render, tmp_path: Path, site: str, kind: type[Nginx]
) -> None:
    with (
        upgrading_server() as port,
        started(kind(render(preset="full") / site, tmp_path, port)) as nginx,
    ):
        statuses = {upgrade: smuggle(nginx.tls(), NAME, upgrade, "/")[0] for upgrade in UPGRADES}
        websocket, _ = smuggle(nginx.tls(), NAME, "WebSocket", "/")

    assert statuses == dict.fromkeys(UPGRADES, 200)
    assert websocket == 101


@needs
@pytest.mark.service
def test_behind_nginx_the_service_is_reached_and_restarted(
    project: Path, nginx: Nginx, compose_nginx: Nginx, deployment: dict[str, str]
) -> None:
    units = project / "deploy/systemd"
    with running(exec_start(units / "migrate.service", SLUG, project), project, **deployment) as p:
        assert p.wait(120) == 0, (project / "stderr").read_text()
    serve = exec_start(units / "server.service", SLUG, project)

    with running(serve, project, **deployment) as first:
        until(lambda: nginx.get("/health/ready").status == 200)
        check_service(nginx, project)
        check_no_smuggling(nginx, compose_nginx, int(deployment["PORT"]))
        assert ask(HTTPConnection("127.0.0.1", int(deployment["PORT"])), "/health").status == 200
        visitors = [RequestLoop(nginx) for _ in range(3)]
        for visitor in visitors:
            visitor.start()
        until(lambda: all(visitor.seen["200"] for visitor in visitors))
        first.terminate()
        assert first.wait(60) == 0
    with running(serve, project, **deployment):
        until(lambda: nginx.get("/health/live").status == 200)
        before = [visitor.seen["200"] for visitor in visitors]
        until(lambda: all(v.seen["200"] > n + 5 for v, n in zip(visitors, before, strict=True)))
        for visitor in visitors:
            visitor.enough.set()
            visitor.join()

    seen = sum((visitor.seen for visitor in visitors), Counter())
    assert set(seen) <= {"200", "away"}, seen
    assert seen["200"] > 20
    shutil.rmtree(project)


def check_service(nginx: Nginx, project: Path) -> None:
    """Check the responses, and the address that the service sees."""
    plain = nginx.get_plain("/docs?a=b")
    assert (plain.status, plain.getheader("Location")) == (308, f"https://{NAME}/docs?a=b")
    assert nginx.get("/metrics").status == 404
    assert nginx.get("/health", X_Forwarded_For="6.6.6.6", X_Request_ID="here").status == 200
    assert nginx.get("/health").getheader("Strict-Transport-Security")
    assert echo(nginx.tls(), b"tea") == b"tea"
    lines = [json.loads(line) for line in (project / "stdout").read_text().splitlines()]
    assert [line["client"] for line in lines if line.get("request_id") == "here"] == [CLIENT]
    assert (project / "stderr").read_text() == ""


def check_no_smuggling(nginx: Nginx, compose_nginx: Nginx, port: int) -> None:
    """Check that only a WebSocket is tunnelled, with and without a proxy."""
    ways = [nginx.tls, compose_nginx.tls, partial(socket.create_connection, ("127.0.0.1", port))]
    for connect, upgrade in product(ways, UPGRADES):
        status, answers = smuggle(connect(), NAME, upgrade, "/metrics")
        assert (status in {200, 400}, answers) == (True, []), (connect, upgrade, status, answers)
    assert echo(compose_nginx.tls(), b"tea") == b"tea"
    assert echo(nginx.tls(), b"tea", upgrade="WebSocket") == b"tea"
