"""Configuration of Prometheus and Grafana, checked by promtool."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import Render
from tests.tools import run

PROMTOOL = shutil.which("promtool")

needs_promtool = pytest.mark.skipif(
    PROMTOOL is None and "CI" not in os.environ, reason="promtool is not installed"
)


@pytest.fixture(params=[True, False], ids=["jobs", "no-jobs"])
def deploy(request: pytest.FixtureRequest, render: Render) -> Path:
    """Return deploy/ of a project with metrics, with and without jobs."""
    return render(preset="custom", metrics=True, celery=request.param, docker=False) / "deploy"


def promtool(folder: Path, *arguments: str) -> None:
    assert PROMTOOL is not None, "promtool is not installed"
    command = [PROMTOOL, *arguments]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_accepts_its_configuration_and_rules(deploy: Path) -> None:
    rules = sorted(str(path) for path in (deploy / "prometheus/rules").iterdir())

    promtool(deploy / "prometheus", "check", "config", "--syntax-only", "prometheus.yml")
    promtool(deploy / "prometheus", "check", "rules", "--lint-fatal", *rules)


@needs_promtool
def test_the_rules_pass_their_tests(deploy: Path) -> None:
    tests = sorted(str(path) for path in (deploy / "prometheus/tests").iterdir())

    promtool(deploy / "prometheus", "test", "rules", *tests)


def test_the_page_of_kubernetes_makes_objects_of_the_rules(render: Render, tmp_path: Path) -> None:
    """The command is run with a kubectl that writes down what it is given."""
    project = render(preset="full")
    page = (project / "docs/kubernetes.md").read_text()
    [command] = re.findall(r"```sh\n(for file in deploy/prometheus.*?)```", page, re.DOTALL)
    fake = tmp_path / "kubectl"
    fake.write_text(
        f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\n(echo ---; cat) >> {tmp_path}/given\n'
    )
    fake.chmod(0o755)

    done = run("sh", "-e", "-c", command, cwd=project, PATH=f"{tmp_path}:{os.environ['PATH']}")

    assert (done.returncode, done.stderr) == (0, "")
    assert set((tmp_path / "asked").read_text().splitlines()) == {
        "--namespace my-service apply -f -"
    }
    objects = list(yaml.safe_load_all((tmp_path / "given").read_text()))
    assert {(one["apiVersion"], one["kind"]) for one in objects} == {
        ("monitoring.coreos.com/v1", "PrometheusRule")
    }
    rules = {path.stem: path for path in (project / "deploy/prometheus/rules").iterdir()}
    assert {one["metadata"]["name"]: one["spec"] for one in objects} == {
        name: yaml.safe_load(path.read_text()) for name, path in rules.items()
    }


def test_every_alert_has_a_test(deploy: Path) -> None:
    alerts, tested = set(), set()
    for path in (deploy / "prometheus/rules").iterdir():
        for group in yaml.safe_load(path.read_text())["groups"]:
            alerts |= {rule["alert"] for rule in group["rules"] if "alert" in rule}
    for path in (deploy / "prometheus/tests").iterdir():
        for test in yaml.safe_load(path.read_text())["tests"]:
            tested |= {it["alertname"] for it in test["alert_rule_test"] if it["exp_alerts"]}

    assert alerts == tested


def test_a_dashboard_uses_the_provisioned_data_source(deploy: Path) -> None:
    provisioned = yaml.safe_load(
        (deploy / "grafana/provisioning/datasources/prometheus.yml").read_text()
    )
    sources = {source["uid"] for source in provisioned["datasources"]}
    boards = [json.loads(path.read_text()) for path in (deploy / "grafana/dashboards").iterdir()]

    asked = {panel["datasource"]["uid"] for board in boards for panel in board["panels"]}

    assert asked == sources
    assert len({board["uid"] for board in boards}) == len(boards)


def test_the_workers_are_scraped_if_there_are_any(deploy: Path) -> None:
    config = yaml.safe_load((deploy / "prometheus/prometheus.yml").read_text())
    jobs = [entry["job_name"] for entry in config["scrape_configs"]]

    assert jobs == (
        ["app", "worker"] if (deploy / "prometheus/rules/jobs.yml").exists() else ["app"]
    )
