"""Runs a rendered service as deployed: PostgreSQL, Redis, two server processes and workers."""

import os
import shutil
import signal
import subprocess
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests.processes import connects, reserved_port, until

# Copied into the project, or run by its own Python.
IN_PROJECT = Path(__file__).parent / "in_project"
EMAIL, PASSWORD = "chaos@example.com", "nothing that can be guessed"
# All other settings are the defaults: lease, timeouts, retries. Only the pool has a longer timeout:
# fifty requests at once wait long for a connection on a busy machine.
SETTINGS = {
    "ENVIRONMENT": "staging",
    "SECRET_KEY": "only for a chaos test: 0123456789abcdef0123456789abcdef",
    "FIRST_SUPERUSER_EMAIL": EMAIL,
    "FIRST_SUPERUSER_PASSWORD": PASSWORD,
    "SHUTDOWN_DRAIN_SECONDS": "0",
    "WEB_CONCURRENCY": "2",
    "DB_POOL_TIMEOUT": "60",
    "EMAIL_BACKEND": "file",
    "RATE_LIMIT_DEFAULT": "1000000/minute",
    "RATE_LIMIT_ROUTES": "GET /api/v1/statistics=10/hour",
}


@dataclass
class Stage:
    """The running processes of a deployed service."""

    project: Path
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    redis: subprocess.Popen[bytes] | None = None
    redis_port: int = field(default_factory=reserved_port)
    port: int = field(default_factory=reserved_port)
    server_number: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def python(self, *arguments: str | Path) -> list[str]:
        return [str(self.project / ".venv/bin/python"), *map(str, arguments)]

    def run(self, *arguments: str | Path) -> str:
        """Run Python in the project, and wait for it."""
        environment = self.environment | {"PYTHONPATH": str(self.project)}
        command = self.python(*arguments)
        done = subprocess.run(
            command, cwd=self.project, env=environment, stdout=subprocess.PIPE, check=True
        )
        return done.stdout.decode()

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a process in its own process group, which is killed with the stage."""
        with (self.folder / f"{len(self.running)}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                cwd=self.project,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def start_redis(self) -> None:
        """Start a Redis without persistence."""
        program = shutil.which("valkey-server") or shutil.which("redis-server")
        assert program, "install redis-server"
        options = ["--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", ""]
        self.redis = self.start(program, *options, "--dir", str(self.folder))
        until(lambda: connects(self.redis_port))

    def stop_redis(self) -> None:
        assert self.redis
        self.end(self.redis)

    def start_server(self) -> None:
        self.server_number = len(self.running)
        self.start(*self.python("-m", "app", "serve"))
        until(lambda: connects(self.port))

    def celery(self, command: str, *options: str) -> subprocess.Popen[bytes]:
        """Start a Celery worker or beat."""
        return self.start(
            *self.python("-m", "celery", "-A", "app.workers.celery_app", command, *options)
        )

    def start_worker(self, name: str) -> subprocess.Popen[bytes]:
        """Start a worker with one process."""
        worker = self.celery("worker", "--concurrency", "1", "--hostname", f"{name}@%h")
        self.workers.append(worker)
        return worker

    def postgres(self, action: str) -> str:
        return self.run(IN_PROJECT / "postgres.py", self.folder / "postgres", action).strip()

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process and its child processes."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(60)

    @contextmanager
    def client(self, **headers: str) -> Generator[httpx2.Client]:
        with httpx2.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60) as client:
            yield client

    def redis_failures(self) -> int:
        """Wait until the servers use Redis; return the number of Redis failures until then."""
        log = self.folder / f"{self.server_number}.log"

        def all_found_again() -> bool:
            httpx2.get(f"{self.url}/health/ready", headers={"Connection": "close"})
            text = log.read_text()
            return text.count('"redis_unavailable"') == text.count('"redis_available"')

        until(all_found_again)
        return log.read_text().count('"redis_unavailable"')

    def log_in(self, email: str = EMAIL) -> dict[str, str]:
        with self.client() as client:
            form = {"username": email, "password": PASSWORD}
            tokens = client.post("/auth/login", data=form).raise_for_status().json()
        return {"Authorization": f"Bearer {tokens['access_token']}"}


@contextmanager
def staged(project: Path, folder: Path, **settings: str) -> Generator[Stage]:
    """Install a project and run it with two workers, until the block ends."""
    stage = Stage(project, folder)
    shutil.copy(IN_PROJECT / "handler.py", project / "app/workers/handlers/chaos.py")
    subprocess.run(["uv", "sync", "--quiet"], cwd=project, check=True)
    with ExitStack() as stack:
        database = stage.postgres("start")
        stack.callback(stage.postgres, "stop")
        redis = f"redis://127.0.0.1:{stage.redis_port}/0"
        stage.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            **SETTINGS,
            "PORT": str(stage.port),
            "DATABASE_URL": f"postgresql://app@127.0.0.1:{database}/postgres",
            "REDIS_URL": redis,
            "EMAIL_FILE_DIR": str(folder / "mail"),
            **settings,
        }
        stack.callback(lambda: [stage.end(process) for process in stage.running])
        stage.start_redis()
        for command in ("migrate", "create-superuser"):
            stage.run("-m", "app", command)
        stage.start_server()
        stage.celery("beat")
        yield stage
