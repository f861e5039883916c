"""Every block of docs/tutorial.md is run in two terminals, in the order of the page.

Blocks for Docker are checked instead: the configuration is valid, and what they name is there. The
image is built and run by tests/test_image.py.
"""

import os
import re
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import reserved_port, until
from tests.questions import ROOT
from tests.rendering import git
from tests.test_fuzz import is_ready
from tests.tools import program
from tests.turns import every_other_day

pytestmark = pytest.mark.service

PAGE = (ROOT / "docs/tutorial.md").read_text()
CHAPTERS = re.findall(r"^## \d\. .*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
BLOCK = re.compile(
    r"(?:Write `(?P<path>[^`]+)`:\n\n)?```(?P<kind>\w+)\n(?P<text>.*?)```", re.DOTALL
)
CLONE = "https://github.com/OWNER/copier-fastapi"
SERVERS = ("just dev\n", "app serve\n")
END = "== end of the block:"
# Seconds for one block, and for a start or stop of the server, on busy cores.
LIMIT = 1200.0
START_SECONDS = 300.0


class Terminal:
    """A shell that runs one block after the other."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.script = folder / "block.sh"
        self.shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, text: str) -> str:
        """Run a block, and return what it prints; fail if one of its commands does."""
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.script.write_text(text)
        self.shell.stdin.write("set -o pipefail; failed=0; trap 'failed=1; return 1' ERR\n")
        self.shell.stdin.write(f'. "{self.script}" < /dev/null\necho "{END}$failed"\n')
        self.shell.stdin.flush()
        timer = threading.Timer(LIMIT, self.shell.kill)
        timer.start()
        printed = ""
        while END not in printed and (line := self.shell.stdout.readline()):
            printed += line
        timer.cancel()
        assert printed.endswith(f"{END}0\n"), f"{text}\n{printed[-6000:]}"
        return printed

    def close(self) -> None:
        """End the shell."""
        self.shell.kill()
        self.shell.communicate()


class Reader:
    """What a reader has: the service's folder, a terminal, and another one for the server."""

    def __init__(self, folder: Path, origin: Path, environment: dict[str, str]) -> None:
        self.folder, self.origin = folder, origin
        self.service = folder / "tea-shop"
        self.port = reserved_port()
        tools = f"{folder / 'tools/bin'}{os.pathsep}{environment['PATH']}"
        self.first = {**environment, "PATH": tools, "PORT": str(self.port)}
        self.environment = environment
        self.terminal = Terminal(folder, environment)
        self.server: subprocess.Popen[bytes] | None = None

    def follow(self, chapter: str) -> None:
        """Run the blocks of a chapter. A block of text is printed by the one above it."""
        blocks, end = list(BLOCK.finditer(chapter)), 0
        for block, following in zip(blocks, [*blocks[1:], None], strict=True):
            if "Ctrl-C" in chapter[end : block.start()]:
                self.stop()
            end = block.end()
            text = block["text"].replace(CLONE, str(self.origin)).replace("8000", str(self.port))
            if block["path"]:
                (self.service / block["path"]).write_text(text)
            elif block["kind"] == "sh" and text.endswith(SERVERS):
                self.serve(text)
            elif block["kind"] == "sh" and text.startswith("docker compose"):
                self.check_compose(text)
            elif block["kind"] == "sh":
                is_shown = following is not None and following["kind"] == "text"
                self.run(text, following["text"].strip() if is_shown else "")

    def run(self, text: str, expected: str) -> None:
        """Run a block; again, if it does not print yet what the page says."""
        if "$API" in text:
            self.wait()
        if expected not in self.terminal.run(text):
            until(lambda: expected in self.terminal.run(text))

    def serve(self, text: str) -> None:
        """Stop the server, and start the one of a block; the next blocks have a new terminal."""
        if self.server is None:
            self.terminal.close()
            self.terminal = Terminal(self.folder, self.environment)
        self.stop()
        with (self.folder / "server.log").open("ab") as log:
            self.server = subprocess.Popen(
                ["bash", "-c", text],
                cwd=self.service,
                env=self.first,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait()

    def wait(self) -> None:
        """Wait until the server is ready, or ready again after a reload."""
        until(lambda: is_ready(f"http://127.0.0.1:{self.port}/health/ready"), START_SECONDS)

    def stop(self) -> None:
        """Press Ctrl-C where the server runs."""
        if self.server and self.server.poll() is None:
            os.killpg(self.server.pid, signal.SIGINT)
            self.server.wait(START_SECONDS)

    def check_compose(self, text: str) -> None:
        """Check that Compose accepts the service, and that the services of a block exist."""
        done = subprocess.run(
            [program("docker-compose"), "config", "--services"],
            cwd=self.service,
            check=True,
            capture_output=True,
            text=True,
        )
        assert set(re.findall(r"logs (\w+)", text)) <= set(done.stdout.split())
        for path in re.findall(r"--cacert (\S+)", text):
            assert (self.service / path).is_file()


@pytest.fixture
def reader(released: Path, path_of_a_user: str, tmp_path: Path) -> Iterator[Reader]:
    origin = tmp_path / "remote/copier-fastapi"
    git(tmp_path, "clone", "--quiet", str(released), str(origin))
    folder = tmp_path / "work"
    folder.mkdir()
    reader = Reader(folder, origin, {**os.environ, "PATH": path_of_a_user})
    yield reader
    reader.stop()
    reader.terminal.close()


def release(origin: Path) -> None:
    """Publish a release that adds a line to the documentation of services."""
    with (origin / "template/docs/README.md").open("a") as page:
        page.write("\nIt has a glossary now.\n")
    git(origin, "commit", "--quiet", "--all", "--message", "1.1.0")
    git(origin, "tag", "1.1.0")


def test_every_chapter_has_blocks() -> None:
    assert len(CHAPTERS) == 5
    assert all(BLOCK.search(chapter) for chapter in CHAPTERS)


@every_other_day(even=True, pages=["docs/tutorial.md"])
def test_a_service_and_its_first_resource_work(reader: Reader) -> None:
    for chapter in CHAPTERS[:2]:
        reader.follow(chapter)

    assert (reader.service / "app/models/invoice.py").is_file()
    assert git(reader.service, "status", "--short") == ""


@pytest.mark.thorough
def test_the_whole_tutorial_works(reader: Reader) -> None:
    for chapter in CHAPTERS[:4]:
        reader.follow(chapter)
    release(reader.origin)
    reader.follow(CHAPTERS[4])

    assert "It has a glossary now." in (reader.service / "docs/README.md").read_text()
    assert (reader.service / "app/workers/handlers/invoices.py").is_file()
    assert git(reader.service, "status", "--short") == ""
