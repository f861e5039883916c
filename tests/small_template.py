"""A template of a dozen small files in two releases, with files renamed between them.

It has renames of all kinds. The scripts in hooks/migrations/ and their entry in copier.yml are
this repository's own, and an update that runs them takes two seconds.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import copier
import yaml

from tests import questions
from tests.projects import start
from tests.releases import save
from tests.rendering import git

MAP = """
# old > new
app/hub.py > app/manager.py
app/drain.py > app/shutdown.py
app/listener.py > app/shutdown.py
app/tools.py > app/texts.py
app/tools.py > app/numbers.py
app/limiter/__init__.py > app/quota/__init__.py
app/limiter/local.py > app/quota/local.py
app/first.py > app/second.py
app/second.py > app/third.py
app/fourth.py > app/fifth.py
app/fifth.py > app/sixth.py
app/clash.py > app/crash.py
app/dropped.py > app/given_up.py
app/relocated.py > app/elsewhere.py
app/occupied.py > app/contested.py
app/extra_old.py > app/extra.py
docs/hub.md > docs/manager.md
logo.bin > static/logo.bin
app.hub:Hub > app.manager:ConnectionManager
app.hub:LIMIT > app.manager:MAX_CONNECTIONS
app.hub:send > app.manager:publish
app.drain:say_goodbye > app.shutdown:run_callbacks
app.tools:add > app.numbers:add
app.limiter.local:LocalLimiter > app.quota.local:LocalQuota
app.plain:Kept > app.texts:Moved
"""
CONFIG = r"""
_subdirectory: template
_templates_suffix: .jinja
_exclude:
  - "{% if _copier_operation == 'update' %}/seed.py{% endif %}"
  - "{% if extra is false %}app/extra*{% endif %}"
extra:
  type: bool
  default: false
greeting:
  type: str
  default: hello
"""
HUB = '''"""Keeps connections."""

LIMIT = 10


class Hub:
    """All connections."""

    def __init__(self) -> None:
        self.connections: list[str] = []

    def add(self, name: str) -> None:
        """Add one."""
        if len(self.connections) < LIMIT:
            self.connections.append(name)


def send(hub: Hub, text: str) -> str:
    """Send a text."""
    return f"{text} to {len(hub.connections)}"
'''
MANAGER = (
    HUB.replace('"""Keeps connections."""', '"""The connections of this process."""')
    .replace("Hub", "ConnectionManager")
    .replace("LIMIT", "MAX_CONNECTIONS")
    .replace("def send", "def publish")
)
DRAIN = '''"""Ends."""

import os


def say_goodbye(name: str) -> str:
    """Say it."""
    greeting = "Goodbye"
    return f"{greeting}, {name} of {os.getpid()}"
'''
LISTENER = '''"""Listens."""

import sys


def refuse_all() -> str:
    """Refuse."""
    return sys.platform
'''
SHUTDOWN = '''"""Ends, after the last connection."""

import os
import sys


def run_callbacks(name: str) -> str:
    """Say it."""
    greeting = "Goodbye"
    return f"{greeting}, {name} of {os.getpid()}"


def refuse_all() -> str:
    """Refuse."""
    return sys.platform
'''
TEXTS = '''def shout(text: str) -> str:
    """Write it in capitals."""
    loud = text.upper()
    return loud
'''
NUMBERS = '''def add(one: int, two: int) -> int:
    """Add two numbers."""
    total = one + two
    return total
'''
LOCAL = '''class LocalLimiter:
    """Counts."""

    def hit(self) -> int:
        """Count."""
        return 1
'''
MAIN = '''"""The service."""

from app.drain import say_goodbye
from app.hub import Hub, send
from app.limiter.local import LocalLimiter

hub = Hub()


def main() -> str:
    """Run it."""
    LocalLimiter().hit()
    return send(hub, say_goodbye("you"))
'''
NEW_MAIN = '''"""The service."""

from app.manager import ConnectionManager, publish
from app.quota.local import LocalQuota
from app.shutdown import run_callbacks

hub = ConnectionManager()


def main() -> str:
    """Run it."""
    LocalQuota().hit()
    return publish(hub, run_callbacks("you"))
'''


def numbered(what: str) -> str:
    """Return a module of several lines."""
    return "".join(f'{what}_{number} = "{what} {number}"\n' for number in range(1, 8))


UNCHANGED = {
    "app/unchanged.py": "UNCHANGED = 1\n",
    "greeting.txt.jinja": "{{ greeting }}\nworld\nall\nof it\n",
    "{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml }}",
}
OLD = UNCHANGED | {
    "app/hub.py": HUB,
    "app/drain.py": DRAIN,
    "app/listener.py": LISTENER,
    "app/tools.py": f"{TEXTS}\n\n{NUMBERS}",
    "app/limiter/__init__.py": "",
    "app/limiter/local.py": LOCAL,
    "app/first.py": numbered("first"),
    "app/second.py": numbered("second"),
    "app/fourth.py": numbered("fourth"),
    "app/fifth.py": numbered("fifth"),
    "app/clash.py": numbered("clash"),
    "app/dropped.py": numbered("dropped"),
    "app/relocated.py": numbered("relocated"),
    "app/occupied.py": numbered("occupied"),
    "app/extra_old.py": numbered("extra"),
    "app/plain.py": "class Kept:\n    pass\n",
    "app/main.py": MAIN,
    "app/wired.py": "from app.hub import Hub\n\nHUB = Hub()\n",
    "docs/hub.md": "# Hub\n\nIt keeps connections.\n\nIn `app/hub.py`.\n",
    "logo.bin": "\0logo\n",
    "seed.py": "from app.hub import Hub\n\nHUB = Hub()\n",
}
NEW = UNCHANGED | {
    "app/manager.py": MANAGER,
    "app/shutdown.py": SHUTDOWN,
    "app/texts.py": TEXTS + "\n\nclass Moved:\n    pass\n",
    "app/numbers.py": NUMBERS,
    "app/quota/__init__.py": "",
    "app/quota/local.py": LOCAL.replace("LocalLimiter", "LocalQuota"),
    "app/second.py": numbered("first").replace("first 7", "first seven"),
    "app/third.py": numbered("second"),
    "app/fifth.py": numbered("fourth"),
    "app/sixth.py": numbered("fifth"),
    "app/crash.py": numbered("clash").replace("clash 4", "clash of the template"),
    "app/given_up.py": numbered("dropped"),
    "app/elsewhere.py": numbered("relocated").replace("relocated 7", "relocated seven"),
    "app/contested.py": numbered("occupied"),
    "app/extra.py": numbered("extra"),
    "app/plain.py": "",
    "app/main.py": NEW_MAIN,
    "app/wired.py": "from app.manager import ConnectionManager\n\nHUB = ConnectionManager()\n",
    "docs/manager.md": "# Manager\n\nIt keeps connections.\n\nIn `app/manager.py`.\n",
    "static/logo.bin": "\0new logo\n",
    "seed.py": "from app.manager import ConnectionManager\n\nHUB = ConnectionManager()\nMORE = 1\n",
}


def write(folder: Path, files: dict[str, str]) -> None:
    """Write texts into files."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def make(folder: Path, renames: str = MAP) -> Path:
    """Make the template, with the releases 1.0.0 and 2.0.0."""
    write(folder, {"copier.yml": CONFIG} | {f"template/{name}": OLD[name] for name in OLD})
    git(folder.parent, "init", "--quiet", str(folder))
    save(folder, "1.0.0")
    shutil.rmtree(folder / "template")
    entry = yaml.safe_dump({"_migrations": questions.config()["_migrations"]})
    write(folder, {"copier.yml": CONFIG + entry} | {f"template/{name}": NEW[name] for name in NEW})
    scripts = questions.ROOT / "hooks/migrations"
    shutil.copytree(scripts, folder / "hooks/migrations", ignore=shutil.ignore_patterns("*.pyc"))
    (folder / "hooks/migrations/v2_0_0.txt").write_text(renames)
    save(folder, "2.0.0")
    return folder


def copy(template: Path, project: Path, version: str, **options: Any) -> Path:
    """Copy a project from a release and put it under git."""
    copier.run_copy(str(template), project, vcs_ref=version, defaults=True, quiet=True, **options)
    return start(project)


def run_copier(folder: Path, command: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Copier with default answers."""
    arguments = [sys.executable, "-m", "copier", command, "--defaults", "--quiet", *options]
    return subprocess.run(arguments, cwd=folder, check=False, capture_output=True, text=True)
