"""Linters for the Dockerfile and Compose files, and comparisons with the service they run."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import combinations
from tests.conftest import Render
from tests.deployed import running
from tests.manifests import (
    Manifest,
    compose,
    digest,
    knows_command,
    own_services,
    required_variables,
)
from tests.processes import reserved_port, until
from tests.questions import ROOT
from tests.settings_fields import settings_fields
from tests.tools import program, run

ROWS = {
    name: row for name, row in combinations.few(paper=False).items() if "docker" in name.split("-")
}
SECRET = re.compile(r"(PASSWORD|SECRET\w*_KEY|TOKEN)$")

_configs: dict[str, Manifest] = {}


@pytest.fixture(params=ROWS.values(), ids=list(ROWS))
def project(request: pytest.FixtureRequest, render: Render) -> Path:
    """Return one rendered row with an image."""
    return render(**request.param)


@pytest.fixture
def config(project: Path) -> Manifest:
    """Return the parsed Compose project; rows with the same files are parsed once."""
    key = digest(project / "compose.yaml", project / "deploy" / "compose")
    if key not in _configs:
        _configs[key] = compose(project)
    return _configs[key]


@pytest.fixture
def full(render: Render) -> Path:
    """Return a project with everything."""
    return render(preset="full")


def environment(service: Manifest) -> dict[str, str]:
    """Return a service's variables, except those of an optional .env."""
    return {name: value for name, value in service["environment"].items() if value is not None}


def seconds(text: str) -> float:
    """Parse a duration of Compose."""
    found = re.fullmatch(r"(?:(\d+)m)?(?:([\d.]+)s)?", text)
    assert found, text
    return int(found[1] or 0) * 60 + float(found[2] or 0)


def test_there_are_rows_with_an_image() -> None:
    assert len(ROWS) >= 3


def test_hadolint_finds_nothing(project: Path) -> None:
    done = run(program("hadolint"), "--no-color", project / "Dockerfile", cwd=project)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_dockerfile_uses_only_what_every_builder_supports(project: Path) -> None:
    text = (project / "Dockerfile").read_text()

    assert re.findall(r"<<|--link|^# *syntax", text, re.MULTILINE) == []
    assert [path for path in re.findall(r"target=([^, ]+)", text) if path[0] != "/"] == []


def test_files_that_the_image_copies_exist_and_are_not_ignored(project: Path) -> None:
    text = (project / "Dockerfile").read_text()
    copied = [
        part
        for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
        for part in line.split()
        if part != "uv.loc[k]"
    ]
    allowed = re.findall(r"^!(.+)$", (project / ".dockerignore").read_text(), re.MULTILINE)

    assert {"app", "migrations", "pyproject.toml"} < set(copied)
    assert [part for part in copied if not (project / part).exists()] == []
    assert sorted([*copied, "uv.lock"]) == sorted(allowed)


def test_yamllint_finds_nothing(project: Path) -> None:
    files = ["compose.yaml", "deploy/compose"]
    options = ["--strict", "--config-file", ROOT / "tests" / "yamllint.yml"]
    done = run(program("yamllint"), *options, *files, cwd=project)

    assert (done.returncode, done.stdout) == (0, "")


def test_compose_refuses_to_start_without_any_of_its_secrets(full: Path) -> None:
    names = required_variables(full)

    assert len(names) >= 6
    for missing in names:
        given = dict.fromkeys(names - {missing}, "given")
        done = run(program("docker-compose"), "config", "--quiet", cwd=full, **given)
        assert done.returncode != 0
        assert f"{missing} is missing" in done.stderr


def test_every_service_is_in_a_file_of_its_own_and_every_file_is_included(
    project: Path, config: Manifest
) -> None:
    files = {path.stem for path in (project / "deploy/compose").glob("*.yaml")}

    assert files - {"shared", "service"} == set(config["services"])


def test_only_nginx_publishes_ports(config: Manifest) -> None:
    for name, service in config["services"].items():
        for port in service.get("ports", []):
            assert name == "nginx" or port["host_ip"] == "127.0.0.1", name
        assert not service.get("ports") or name in {"nginx", "grafana"}
    # Without IPv6 in its network, clients of IPv6 would have one address.
    ports = config["services"]["nginx"]["ports"]
    assert "enable_ipv6" not in config["networks"]["edge"]
    assert {(port["host_ip"], port["published"]) for port in ports} == {
        ("0.0.0.0", "80"),  # noqa: S104
        ("0.0.0.0", "443"),  # noqa: S104
    }
    assert config["networks"]["back"]["internal"] is True


def test_every_service_is_confined(config: Manifest) -> None:
    for name, service in config["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["restart"] in {"unless-stopped", "on-failure:3"}, name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name
        assert "healthcheck" in service, name


def test_no_secret_is_in_a_file(config: Manifest) -> None:
    for service in config["services"].values():
        for name, value in service.get("environment", {}).items():
            if SECRET.search(name) and value is not None:
                assert value.startswith("given-"), name
            for found in re.findall(r"//[^@/]*:([^@/]+)@", value or ""):
                assert found.startswith("given-"), name


def test_secrets_and_configs_of_read_only_services_are_files(config: Manifest) -> None:
    """Compose cannot create such a container: secrets and configs must be files there."""
    mounted = 0
    for name, service in config["services"].items():
        for kind in ("secrets", "configs"):
            sources = [config[kind][one["source"]] for one in service.get(kind, [])]
            assert not service["read_only"] or all("file" in one for one in sources), name
            mounted += len(sources)

    assert mounted >= 2


def test_prometheus_reads_the_token_from_a_private_file(full: Path, tmp_path: Path) -> None:
    service = compose(full)["services"]["prometheus"]
    words = [*service["entrypoint"], *service["command"]]
    fake = '#!/bin/sh\nstat -c %a "{0}"; cat "{0}"; printf "\\n%s" "$@"\n'
    token = tmp_path / "metrics-token"
    (tmp_path / "prometheus").write_text(fake.format(token))
    (tmp_path / "prometheus").chmod(0o755)
    # `$$` is Compose's escape of a dollar.
    command = [word.replace("$$", "$").replace("/tmp/", f"{tmp_path}/") for word in words]  # noqa: S108
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"

    done = run(*command, cwd=tmp_path, PATH=path, **service["environment"])

    assert done.stderr == ""
    assert done.stdout.splitlines() == ["600", "given-METRICS_TOKEN", *service["command"]]
    read = re.findall(
        r"credentials_file: (\S+)", (full / "deploy/prometheus/prometheus.yml").read_text()
    )
    assert set(read) == {"/tmp/metrics-token"}  # noqa: S108
    assert service["tmpfs"] == ["/tmp:mode=1777"]  # noqa: S108


@pytest.mark.parametrize("name", ["redis", "broker"])
def test_redis_is_the_main_process_and_ends_on_sigterm(
    full: Path, tmp_path: Path, name: str
) -> None:
    """A shell with number 1 would ignore SIGTERM, until it is killed 10 seconds later."""
    service = compose(full)["services"][name]
    port = reserved_port()
    shell, option, script = service["command"]
    script = script.replace("$$", "$").replace("/tmp", str(tmp_path))  # noqa: S108
    script = f"{script.replace('/data', str(tmp_path))} --bind 127.0.0.1 --port {port}"
    client = [program("redis-cli"), "-p", str(port), "ping"]
    given = {"REDISCLI_AUTH": "given-REDIS_PASSWORD"}
    assert program("redis-server")

    with running([shell, option, script], tmp_path, **service["environment"]) as process:
        until(lambda: run(*client, cwd=tmp_path, **given).stdout == "PONG\n")
        words = Path(f"/proc/{process.pid}/cmdline").read_text()
        assert "NOAUTH" in run(*client, cwd=tmp_path).stdout
        process.terminate()
        assert process.wait(10) == 0

    assert words.startswith("redis-server")
    assert "given-" not in words
    assert stat.S_IMODE((tmp_path / "redis.conf").stat().st_mode) == 0o600
    assert "/tmp:mode=1777" in service["tmpfs"]  # noqa: S108


def test_services_wait_for_their_dependencies(config: Manifest) -> None:
    services = config["services"]
    conditions = {
        name: {on: how["condition"] for on, how in service.get("depends_on", {}).items()}
        for name, service in services.items()
    }
    users = own_services(config).keys() - {"migrate"}

    assert all(conditions[name]["migrate"] == "service_completed_successfully" for name in users)
    assert conditions["nginx"] == {"app": "service_healthy"}
    if "postgres" in services:
        assert conditions["migrate"] == {"postgres": "service_healthy"}
    if "broker" in services:
        assert conditions["worker"]["broker"] == conditions["beat"]["broker"] == "service_healthy"
    for found in conditions.values():
        for needed, condition in found.items():
            check = services[needed].get("healthcheck", {})
            assert condition != "service_healthy" or not check.get("disable"), needed


def test_every_variable_of_our_own_services_is_a_setting(project: Path, config: Manifest) -> None:
    fields = settings_fields(project)

    for name, service in own_services(config).items():
        assert set(service["environment"]) <= fields.known, name
        given = environment(service)
        assert fields.needed_in_production() <= set(given), name
        assert given["ENVIRONMENT"] == "production"
        assert given["HOST"] == "0.0.0.0"  # noqa: S104


def test_our_own_services_run_what_the_project_has(project: Path, config: Manifest) -> None:
    services = own_services(config)

    assert {"app", "migrate"} <= set(services)
    for name, service in services.items():
        check = service["healthcheck"].get("test")
        assert name == "app" or knows_command(project, service["command"]), name
        assert check is None or knows_command(project, check[1:]), name
    text = (project / "Dockerfile").read_text()
    for written in re.findall(r"^ *CMD \[(.+)\]$", text, re.MULTILINE):
        assert knows_command(project, re.findall(r'"([^"]+)"', written)), written


def test_nginx_passes_requests_to_where_the_service_listens(
    project: Path, config: Manifest
) -> None:
    app = config["services"]["app"]
    text = (project / "deploy/compose/nginx.conf").read_text()
    (subnet,) = config["networks"]["edge"]["ipam"]["config"]

    assert f"http://app:{app['environment']['PORT']};" in text
    assert app["environment"]["TRUSTED_PROXIES"] == subnet["subnet"]
    assert {"edge"} == set(config["services"]["nginx"]["networks"]) & set(app["networks"])
    for port in config["services"]["nginx"]["ports"]:
        assert f"listen {port['target']}" in text


def test_with_metrics_the_page_warns_not_to_scale_what_prometheus_scrapes_by_name(
    project: Path, config: Manifest
) -> None:
    """One name resolves to any of several containers, each with its own counters."""
    page = (project / "docs/docker.md").read_text()
    asked = project / "deploy/prometheus/prometheus.yml"
    by_name = asked.exists() and "static_configs" in asked.read_text()

    assert "--scale app=" in page
    assert ("Prometheus does not: it asks `app`" in page) is by_name
    assert by_name is ("prometheus" in config["services"])


def test_the_stop_timeout_covers_the_shutdown(config: Manifest) -> None:
    app = config["services"]["app"]
    waits = [app["environment"][f"SHUTDOWN_{name}_SECONDS"] for name in ("DRAIN", "GRACE")]

    assert seconds(app["stop_grace_period"]) >= sum(map(float, waits)) + 5


def test_nginx_ends_before_it_is_killed(project: Path, config: Manifest) -> None:
    text = (project / "deploy/compose/nginx.conf").read_text()
    [wait] = re.findall(r"^worker_shutdown_timeout (\w+);$", text, re.MULTILINE)

    assert seconds(wait) + 5 <= seconds(config["services"]["nginx"]["stop_grace_period"])


def test_the_broker_evicts_nothing_and_is_persistent(config: Manifest) -> None:
    if broker := config["services"].get("broker"):
        words = " ".join(broker["command"])
        assert "--maxmemory-policy noeviction" in words
        assert "--appendonly yes" in words
        assert [volume["target"] for volume in broker["volumes"]] == ["/data"]
        assert "allkeys" in " ".join(config["services"]["redis"]["command"])


def test_data_are_in_volumes_and_every_mount_exists(project: Path, config: Manifest) -> None:
    volumes = [one for service in config["services"].values() for one in service.get("volumes", [])]

    assert {one["source"] for one in volumes if one["type"] == "volume"} == set(config["volumes"])
    for one in volumes:
        assert one["type"] == "volume" or Path(one["source"]).exists(), one["source"]
        assert one["type"] == "volume" or one["read_only"] is True
    assert ("postgres" in config["services"]) == ("postgres-data" in config["volumes"])


def test_connection_pools_fit_the_limit_of_postgresql(config: Manifest) -> None:
    services = own_services(config)
    given = environment(services["app"])
    pool = int(given["DB_POOL_SIZE"]) + int(given["DB_MAX_OVERFLOW"])
    processes = int(given["WEB_CONCURRENCY"])
    if worker := services.get("worker"):
        processes += int(worker["command"][-1])

    assert processes * pool + 10 <= 100


def test_nginx_accepts_its_configuration(full: Path, tmp_path: Path) -> None:
    make_certificate(tmp_path)
    text = (full / "deploy/compose/nginx.conf").read_text()
    text = text.replace(" /tmp/", f" {tmp_path}/").replace("/run/secrets/", f"{tmp_path}/")
    text = text.replace("user nginx;", "")
    (tmp_path / "nginx.conf").write_text(text)

    done = run(
        program("nginx"), "-t", "-q", "-c", tmp_path / "nginx.conf", "-p", tmp_path, cwd=tmp_path
    )

    assert done.returncode == 0, done.stderr


def make_certificate(folder: Path) -> None:
    files = ["-keyout", folder / "tls-key", "-out", folder / "tls-certificate"]
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    assert run(program("openssl"), *made, *files, cwd=folder).returncode == 0


def test_the_script_generates_every_secret_once(copy: Callable[..., Path]) -> None:
    project = copy(preset="full")
    (project / ".env").write_text("SECRET_KEY=\nREDIS_PASSWORD=mine")
    script = project / "deploy/compose/secrets.sh"

    first = run(script, cwd=project)
    written = (project / ".env").read_text()
    second = run(script, cwd=project)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert (project / ".env").read_text() == written
    pairs = dict(line.split("=", 1) for line in written.splitlines())
    assert required_variables(project) <= set(pairs)
    assert pairs["REDIS_PASSWORD"].startswith("mi")
    assert len(pairs["SECRET_KEY"]) == 64
    assert stat.S_IMODE((project / ".env").stat().st_mode) & 0o007 == 0o004
    assert Path(pairs["TLS_KEY"]).stat().st_mode & 0o077 == 0
    assert run(program("docker-compose"), "config", "--quiet", cwd=project).returncode == 0
