"""Kubernetes manifests: valid by its schemas, and consistent with the service they run."""

import re
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate import SchemaNotFoundError

from tests import combinations
from tests.conftest import Render
from tests.manifests import (
    LABEL,
    Manifest,
    answers,
    container,
    digest,
    image_user,
    knows_command,
    kustomize,
    of_kind,
    pod_templates,
    the,
    values,
)
from tests.questions import ROOT
from tests.settings_fields import settings_fields
from tests.tools import program, run

ROWS = {
    name: row
    for name, row in combinations.few(paper=False).items()
    if "kubernetes" in name.split("-")
}
OVERLAYS = ("staging", "production")
CASES = [(row, overlay) for row in ROWS.values() for overlay in OVERLAYS]
IDS = [f"{overlay}-{name}" for name in ROWS for overlay in OVERLAYS]
# The oldest version that has all used features, and the newest.
VERSIONS = ("1.34", "1.37")
# Kinds of the Prometheus operator, which have no schema here.
FOREIGN = {"ServiceMonitor", "PodMonitor"}

_overlays: dict[str, list[Manifest]] = {}


@pytest.fixture(params=CASES, ids=IDS)
def case(request: pytest.FixtureRequest, render: Render) -> tuple[Path, str]:
    """Return a rendered row and the name of an overlay."""
    row, overlay = request.param
    return render(**row), overlay


@pytest.fixture
def project(case: tuple[Path, str]) -> Path:
    return case[0]


@pytest.fixture
def objects(case: tuple[Path, str]) -> list[Manifest]:
    """Return the objects of the overlay; rows with the same files are built once."""
    project, overlay = case
    key = overlay + digest(project / "deploy" / "kubernetes")
    if key not in _overlays:
        _overlays[key] = kustomize(project / "deploy/kubernetes/overlays" / overlay)
    return _overlays[key]


@pytest.fixture
def example(project: Path) -> Manifest:
    """Return the example of the secret."""
    return yaml.safe_load((project / "deploy/kubernetes/base/secret.example.yaml").read_text())


def settings(objects: list[Manifest]) -> dict[str, str]:
    return the(objects, "ConfigMap", "settings")["data"]


def app(objects: list[Manifest]) -> Manifest:
    return the(objects, "Deployment", "app")["spec"]["template"]


def test_there_are_rows_with_manifests() -> None:
    assert len(ROWS) >= 3


def test_every_object_is_valid(objects: list[Manifest], example: Manifest) -> None:
    for found in [*objects, example]:
        for version in VERSIONS:
            try:
                kubernetes_validate.validate(found, version, strict=True)
            except SchemaNotFoundError:
                assert found["kind"] in FOREIGN, found["kind"]


def test_yamllint_finds_nothing(project: Path) -> None:
    options = ["--strict", "--config-file", ROOT / "tests" / "yamllint.yml"]
    done = run(program("yamllint"), *options, "deploy/kubernetes", cwd=project)

    assert (done.returncode, done.stdout) == (0, "")


def test_every_kind_of_object_is_there(project: Path, objects: list[Manifest]) -> None:
    kinds = {found["kind"] for found in objects}
    names = {found["metadata"]["name"] for found in of_kind(objects, "Deployment", "Job")}
    workers = {"worker", "beat"} if (project / "app/workers").exists() else set()
    sqlite = (project / "tests/db/test_sqlite.py").exists()

    assert names == {"app", "migrate"} | workers
    assert kinds >= {"Namespace", "ConfigMap", "ServiceAccount", "Service", "Ingress"}
    assert kinds >= {"PodDisruptionBudget", "NetworkPolicy"}
    assert ("HorizontalPodAutoscaler" in kinds) is not sqlite
    assert ("PersistentVolumeClaim" in kinds) is sqlite


def test_no_secret_is_applied_and_the_example_is_unusable(
    objects: list[Manifest], example: Manifest
) -> None:
    assert of_kind(objects, "Secret") == []
    assert example["stringData"]["DATABASE_URL"].startswith("change-me")
    assert set(example["stringData"].values()) == {
        value for value in example["stringData"].values() if value == "" or "change-me" in value
    }


def test_names_are_valid_in_every_part_of_kubernetes(objects: list[Manifest]) -> None:
    names = [found["metadata"]["name"] for found in objects]
    ports = [port["name"] for found in values(objects, "ports") for port in found if "name" in port]

    assert [name for name in names if not LABEL.fullmatch(name)] == []
    assert [name for name in ports if not LABEL.fullmatch(name) or len(name) > 15] == []
    assert len({(found["kind"], found["metadata"]["name"]) for found in objects}) == len(objects)


def test_everything_is_in_the_overlays_own_namespace(
    case: tuple[Path, str], objects: list[Manifest]
) -> None:
    (namespace,) = of_kind(objects, "Namespace")
    name = namespace["metadata"]["name"]

    assert name.endswith("-staging") is (case[1] == "staging")
    assert {found["metadata"]["namespace"] for found in objects if found is not namespace} == {name}


def test_selectors_match_their_pods(objects: list[Manifest]) -> None:
    pods = [template["metadata"]["labels"] for _, template in pod_templates(objects)]

    for found in of_kind(objects, "Deployment"):
        wanted = found["spec"]["selector"]["matchLabels"]
        assert wanted.items() <= found["spec"]["template"]["metadata"]["labels"].items()
        assert len([labels for labels in pods if wanted.items() <= labels.items()]) == 1
    selectors = [found["spec"]["selector"] for found in of_kind(objects, "Service")]
    selectors += [
        found["spec"]["selector"]["matchLabels"]
        for found in of_kind(objects, "PodDisruptionBudget", "PodMonitor")
    ]
    assert len(selectors) >= 2
    for wanted in selectors:
        assert len([labels for labels in pods if wanted.items() <= labels.items()]) == 1
    services = [found["metadata"]["labels"] for found in of_kind(objects, "Service")]
    for found in of_kind(objects, "ServiceMonitor"):
        wanted = found["spec"]["selector"]["matchLabels"]
        assert [labels for labels in services if wanted.items() <= labels.items()]


def test_the_network_policy_is_for_our_own_pods_alone(objects: list[Manifest]) -> None:
    """A database in the same namespace is not affected."""
    (policy,) = of_kind(objects, "NetworkPolicy")
    wanted = policy["spec"]["podSelector"]["matchLabels"]
    pods = dict(pod_templates(objects))

    assert wanted == {"app.kubernetes.io/part-of": "service"}
    assert {"app", "migrate"} <= set(pods)
    for name, template in pods.items():
        assert wanted.items() <= template["metadata"]["labels"].items(), name


def test_dns_may_be_queried_from_any_server(objects: list[Manifest]) -> None:
    """For example a DNS cache on the node's network, which no selector matches."""
    (policy,) = of_kind(objects, "NetworkPolicy")
    (rule,) = [
        rule
        for rule in policy["spec"]["egress"]
        if 53 in {port["port"] for port in rule.get("ports", [])}
    ]
    asked = {(port["port"], port.get("protocol", "TCP")) for port in rule["ports"]}

    assert "to" not in rule
    assert asked >= {(53, "UDP"), (53, "TCP")}


def test_common_poolers_may_be_reached_and_other_ports_are_documented(
    project: Path, objects: list[Manifest]
) -> None:
    (policy,) = of_kind(objects, "NetworkPolicy")
    ports = {port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]}

    assert {5432, 6432, 6543} <= ports
    assert "ports of `network-policy.yaml` alone" in (project / "docs/kubernetes.md").read_text()


def test_the_page_makes_the_secrets_that_pods_need_in_their_namespace(
    case: tuple[Path, str], objects: list[Manifest], example: Manifest
) -> None:
    page = (case[0] / "docs/kubernetes.md").read_text()
    (account,) = of_kind(objects, "ServiceAccount")
    (registry,) = account["imagePullSecrets"]
    namespace = account["metadata"]["namespace"]
    made = re.findall(rf"--namespace {namespace} create secret (\S+ \S+) ", page)

    if case[1] == "staging":
        assert made == [
            f"generic {example['metadata']['name']}",
            f"docker-registry {registry['name']}",
        ]
    else:
        assert f"`{namespace}` for production" in page


def test_the_page_lists_the_rights_to_deploy_every_kind_of_object(
    project: Path, objects: list[Manifest]
) -> None:
    page = (project / "docs/kubernetes.md").read_text()
    table = page.partition("## Rights to deploy")[2].partition("\n## ")[0]
    kinds = {found["kind"] for found in objects}

    assert set(re.findall(r"`([A-Z]\w+)`", table)) == kinds | {"Pod"}


def test_a_change_of_settings_is_applied_before_pods_start_anew(
    case: tuple[Path, str], objects: list[Manifest]
) -> None:
    page = (case[0] / "docs/kubernetes.md").read_text()
    [(overlay, excluded, namespace)] = re.findall(
        r"kubectl apply -k \S+/(\w+) -l 'app.kubernetes.io/name notin \((.*)\)'\n"
        r"kubectl --namespace (\S+) rollout restart deployment -l \S+/part-of=service\n",
        page,
    )

    assert {name for name, _ in pod_templates(objects)} <= set(excluded.split(","))
    for found in of_kind(objects, "Deployment"):
        assert found["metadata"]["labels"]["app.kubernetes.io/part-of"] == "service"
        assert (found["metadata"]["namespace"] == namespace) is (case[1] == overlay)


def test_every_reference_exists(objects: list[Manifest], example: Manifest) -> None:
    known = {(found["kind"], found["metadata"]["name"]) for found in [*objects, example]}

    for _, template in pod_templates(objects):
        pod = template["spec"]
        assert ("ServiceAccount", pod["serviceAccountName"]) in known
        sources = container(template)["envFrom"]
        assert [("ConfigMap", found["name"]) for found in values(sources, "configMapRef")]
        for key, kind in {"configMapRef": "ConfigMap", "secretRef": "Secret"}.items():
            assert {(kind, found["name"]) for found in values(sources, key)} <= known
        for claim in values(pod["volumes"], "claimName"):
            assert ("PersistentVolumeClaim", claim) in known
        mounted = {mount["name"] for mount in container(template)["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod["volumes"]}
    for found in of_kind(objects, "HorizontalPodAutoscaler"):
        target = found["spec"]["scaleTargetRef"]
        assert (target["kind"], target["name"]) in known
        assert "cpu" in container(app(objects))["resources"]["requests"]


def test_ports_lead_to_where_the_service_listens(objects: list[Manifest]) -> None:
    ports = {port["name"]: port["containerPort"] for port in container(app(objects))["ports"]}
    (service,) = of_kind(objects, "Service")
    (ingress,) = of_kind(objects, "Ingress")

    assert ports == {"http": int(settings(objects)["PORT"])}
    assert [port["targetPort"] for port in service["spec"]["ports"]] == ["http"]
    offered = {port["name"] for port in service["spec"]["ports"]}
    for backend in values(ingress, "backend"):
        assert backend["service"]["name"] == service["metadata"]["name"]
        assert backend["service"]["port"]["name"] in offered
    for monitor in of_kind(objects, "ServiceMonitor"):
        assert {endpoint["port"] for endpoint in monitor["spec"]["endpoints"]} <= offered
    inner = {
        port["name"]
        for _, template in pod_templates(objects)
        for port in container(template).get("ports", [])
    }
    for monitor in of_kind(objects, "PodMonitor"):
        assert {endpoint["port"] for endpoint in monitor["spec"]["podMetricsEndpoints"]} <= inner
    (policy,) = of_kind(objects, "NetworkPolicy")
    assert {port["port"] for rule in policy["spec"]["ingress"] for port in rule["ports"]} == inner


def test_the_migration_of_one_release_does_not_block_the_next(
    case: tuple[Path, str], objects: list[Manifest]
) -> None:
    """A job is immutable: it expires soon, and the page says to delete it by hand."""
    (job,) = of_kind(objects, "Job")
    name, namespace = job["metadata"]["name"], job["metadata"]["namespace"]
    page = (case[0] / "docs/kubernetes.md").read_text()
    delete = f"kubectl --namespace {namespace} delete job {name} --ignore-not-found\n"
    apply = f"kubectl apply -k deploy/kubernetes/overlays/{case[1]}\n"
    applied = [line for line in re.findall(r".*apply -k.*", page) if f",{name})'" not in line]

    assert job["spec"]["ttlSecondsAfterFinished"] <= 600
    assert len(applied) == 1
    assert case[1] == "production" or delete + apply in page


def test_the_ingress_answers_over_tls_for_one_host_and_for_the_api_alone(
    objects: list[Manifest],
) -> None:
    (ingress,) = of_kind(objects, "Ingress")
    (host,) = {rule["host"] for rule in ingress["spec"]["rules"]}
    paths = {path["path"] for found in values(ingress, "paths") for path in found}

    assert [found["hosts"] for found in ingress["spec"]["tls"]] == [[host]]
    assert paths == {"/api", "/health"}


def test_pods_accept_requests_by_their_address(objects: list[Manifest]) -> None:
    """Probes and Prometheus use addresses; the ingress checks hosts."""
    assert settings(objects)["TRUSTED_HOSTS"] == ""


def test_probes_use_routes_of_the_service(project: Path, objects: list[Manifest]) -> None:
    serving = container(app(objects))
    asked = {
        name: serving[f"{name}Probe"]["httpGet"]["path"]
        for name in ("startup", "liveness", "readiness")
    }

    assert asked == {
        "startup": "/health/live",
        "liveness": "/health/live",
        "readiness": "/health/ready",
    }
    assert all(answers(project, path) for path in asked.values())
    assert {probe["port"] for probe in values(serving, "httpGet")} == {"http"}


def test_metrics_are_scraped_where_they_are_served(project: Path, objects: list[Manifest]) -> None:
    code = "".join(path.read_text() for path in (project / "app").rglob("*.py"))
    monitors = of_kind(objects, "ServiceMonitor", "PodMonitor")

    assert {"ServiceMonitor" for _ in monitors} == (
        {"ServiceMonitor"} if "METRICS_TOKEN" in settings_fields(project).known else set()
    )
    for monitor in monitors:
        for path in values(monitor, "path"):
            assert f'"{path}"' in code


def test_every_variable_is_a_setting_and_every_required_one_is_set(
    project: Path, objects: list[Manifest], example: Manifest
) -> None:
    fields = settings_fields(project)
    given = settings(objects).keys() | example["stringData"].keys()

    assert given <= fields.known
    assert fields.needed_in_production() <= given
    assert settings(objects).keys().isdisjoint(example["stringData"])
    for _, template in pod_templates(objects):
        own = {variable["name"] for variable in container(template).get("env", [])}
        assert own <= fields.known
    for credentials in values(objects, "credentials"):
        assert credentials["name"] == example["metadata"]["name"]
        assert credentials["key"] in example["stringData"]


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
def test_no_two_overlays_share_a_storage(row: dict[str, str], render: Render) -> None:
    """The orphan cleanup of one would delete the files of the other."""
    folder = render(**row) / "deploy/kubernetes/overlays"
    overlays = sorted(path.name for path in folder.iterdir())
    with_files = "STORAGE_URL" in settings_fields(render(**row)).known

    given = [settings(kustomize(folder / name)).get("STORAGE_URL") for name in overlays]

    assert len(overlays) >= 2
    if not with_files:
        assert set(given) == {None}
        return
    storages = [str(url).rstrip("/") + "/" for url in given]
    assert all(url.startswith("s3://") for url in storages)
    assert [(a, b) for a in storages for b in storages if a != b and a.startswith(b)] == []
    assert len(set(storages)) == len(storages)


def test_each_pod_runs_what_the_project_has(project: Path, objects: list[Manifest]) -> None:
    images = set()
    for name, template in pod_templates(objects):
        assert knows_command(project, container(template)["command"]), name
        images.add(container(template)["image"])

    (image,) = images
    assert re.search(r":\d+\.\d+\.\d+$|@sha256:", image)


def test_each_pod_is_confined(project: Path, objects: list[Manifest]) -> None:
    for name, template in pod_templates(objects):
        pod, own = template["spec"], container(template)
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert str(pod["securityContext"]["runAsUser"]) == image_user(project), name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert own["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert set(own["resources"]) == {"requests", "limits"}, name
        assert "/tmp" in {mount["mountPath"] for mount in own["volumeMounts"]}, name  # noqa: S108


def test_the_grace_period_covers_the_shutdown(objects: list[Manifest]) -> None:
    pod, given = app(objects)["spec"], settings(objects)
    sleep = container(app(objects))["lifecycle"]["preStop"]["sleep"]["seconds"]
    waits = sleep + sum(int(given[f"SHUTDOWN_{name}_SECONDS"]) for name in ("DRAIN", "GRACE"))

    assert pod["terminationGracePeriodSeconds"] >= waits + 5


def test_the_page_names_the_oldest_kubernetes_with_all_used_features(project: Path) -> None:
    """`sleep` is on by default since 1.30; before, the API server refuses it."""
    assert "preStop.sleep" in (project / "docs/kubernetes.md").read_text()
    assert "Kubernetes 1.30 or newer" in (project / "docs/kubernetes.md").read_text()


def test_there_is_one_beat(objects: list[Manifest]) -> None:
    for found in of_kind(objects, "Deployment"):
        if found["metadata"]["name"] == "beat":
            assert found["spec"]["replicas"] == 1
            assert found["spec"]["strategy"] == {"type": "Recreate"}


def test_connection_pools_fit_the_limit_of_postgresql(objects: list[Manifest]) -> None:
    """PostgreSQL accepts 100 by default, three of them reserved for superusers."""
    given = settings(objects)
    pool = int(given["DB_POOL_SIZE"]) + int(given["DB_MAX_OVERFLOW"])
    for scaler in of_kind(objects, "HorizontalPodAutoscaler"):
        pods = scaler["spec"]["maxReplicas"] + 1
        total = pods * (int(given["WEB_CONCURRENCY"]) * pool + 1) + 1  # probes, and the migration
        for found in of_kind(objects, "Deployment"):
            if found["metadata"]["name"] == "worker":
                own = container(found["spec"]["template"])
                values_of = {one["name"]: one["value"] for one in own["env"]}
                each = int(values_of["DB_POOL_SIZE"]) + int(values_of["DB_MAX_OVERFLOW"])
                total += (found["spec"]["replicas"] + 1) * int(own["command"][-1]) * each
        assert total <= 97
