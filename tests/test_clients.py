"""Clients that are generated from each document compile, and work with the live service."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import reserved_port
from tests.test_fuzz import SETTINGS, SUPERUSER, run, serving

pytestmark = pytest.mark.service

PRESETS = [
    "minimal",
    pytest.param("standard", marks=pytest.mark.thorough),
    pytest.param("full", marks=pytest.mark.thorough),
]
TSC = ["npx", "--yes", "--package", "typescript@5.9.3", "tsc", "--strict"]
OUTPUT = ["--target", "es2022", "--module", "nodenext", "--outDir", "compiled"]
LOG_IN = """
const tokens = await api.login({ body: { username, password }, throwOnError: true });
client.setConfig({ auth: tokens.data.access_token });
"""
TYPESCRIPT = """
import * as api from "./client";
import { client } from "./client/client.gen";

declare const process: { argv: string[]; exit(code: number): never };
const [baseUrl, username, password] = process.argv.slice(2);

async function main() {
    client.setConfig({ baseUrl });
    %s
    const body = { name: "Samovar", price: "99.50", stock: 3 };
    const { data: item } = await api.createItem({ body, throwOnError: true });
    const { data: page } = await api.listItems({ throwOnError: true });
    const { error } = await api.createItem({ body });
    const right = page.items[0]?.id === item.id && item.price === "99.50";
    if (!right || error?.code !== "name_taken") process.exit(1);
}

main().catch((error) => { console.error(error); process.exit(1); });
"""
PYTHON_LOG_IN = """
from client.api.auth import login
from client.models import TokenForm, TokenPair

form = TokenForm(username=username, password=password)
tokens = login.sync(client=anonymous, body=form)
assert isinstance(tokens, TokenPair), tokens
client = AuthenticatedClient(base_url=url, token=tokens.access_token)
"""
PYTHON = """
import sys

from client import AuthenticatedClient, Client
from client.api.items import create_item, delete_item, list_items
from client.models import ItemCreate, ItemRead, PageItemRead, Problem

url, username, password = sys.argv[1:]
anonymous = Client(base_url=url)
%s
body = ItemCreate(name="Urn", price="19.50")
item = create_item.sync(client=client, body=body)
assert isinstance(item, ItemRead), item
page = list_items.sync(client=client)
assert isinstance(page, PageItemRead), page
assert item.id in [one.id for one in page.items]
problem = create_item.sync(client=client, body=body)
assert isinstance(problem, Problem), problem
assert problem.code == "name_taken"
assert delete_item.sync_detailed(item.id, client=client).status_code == 204
"""


@pytest.mark.parametrize("preset", PRESETS)
def test_generated_clients_compile_and_work(
    copy: Callable[..., Path], tmp_path: Path, preset: str
) -> None:
    project = copy(preset=preset)
    has_users = (project / "app" / "auth").is_dir()
    typescript, python = tmp_path / "typescript", tmp_path / "python"
    generate(project, typescript, python)
    (typescript / "main.ts").write_text(TYPESCRIPT % (LOG_IN if has_users else ""))
    (python / "main.py").write_text(PYTHON % (PYTHON_LOG_IN if has_users else "client = anonymous"))

    execute(typescript, *TSC, *OUTPUT, "main.ts")
    libraries = [f"--with={name}" for name in ("httpx", "attrs", "python-dateutil")]
    # Not client.py, which is the same for every document.
    code = ["main.py", "client/api", "client/models"]
    execute(python, "uvx", *libraries, "ty@0.0.105", "check", "--quiet", *code)

    port = reserved_port()
    service = f"http://127.0.0.1:{port}"
    environment = {**os.environ, **SETTINGS, "PORT": str(port)}
    run(project, environment, "python", "-m", "app", "migrate")
    if has_users:
        run(project, environment, "python", "-m", "app", "create-superuser")
    with serving(project, environment, service):
        arguments = [service, *SUPERUSER.values()]
        execute(typescript, "node", "compiled/main.js", *arguments)
        execute(python, "uv", "run", "--no-project", *libraries, "main.py", *arguments)


def generate(project: Path, typescript: Path, python: Path) -> None:
    """Generate both clients, with the lines that the project's docs/openapi.md shows."""
    typescript.mkdir()
    python.mkdir()
    execute(project, "uv", "run", "just", "client", str(typescript / "client"))
    text = (project / "docs" / "openapi.md").read_text()
    [line] = [line for line in text.splitlines() if line.startswith("uvx openapi-python-client")]
    execute(project, *line.replace("DIR", str(python / "client")).split())


def execute(folder: Path, *command: str) -> None:
    """Run a command, which must succeed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
