"""What is missing in some combination, planted in a copy of the template: the tables show each."""

from collections.abc import Callable, Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from tests import questions
from tests.planting import Plant
from tests.truth.fixtures import fixtures
from tests.truth.imports import imports
from tests.truth.manifests import compose, folders, kubernetes
from tests.truth.mentions import mentions
from tests.truth.needs import Need, unmet
from tests.truth.settings import settings
from tests.truth.template import Template
from tests.truth.use import use

FEATURES = "app/features.py.jinja"
PYPROJECT = "pyproject.toml.jinja"


def said(template: Template, layer: Callable[[Template], Iterator[Need]]) -> list[str]:
    """Return what a layer of the truth tables reports."""
    return list(unmet(template.space, layer(template)))


def test_an_import_under_the_wrong_toggle(plant: Plant) -> None:
    wrong = "{% if redis %}\nfrom app.cache.feature import cache"
    template = plant(FEATURES, "{% if cache %}\nfrom app.cache.feature import cache", wrong)

    assert said(template, imports) == [
        "app/features.py.jinja:16 needs app.cache.feature.cache: "
        "missing with cache=False, celery=True"
    ]


def test_an_import_of_a_file_that_is_absent_in_one_pair(plant: Plant) -> None:
    line = "from app.core.feature import Feature\n"
    absent = "from app.auth.settings import AuthSettings\n"
    template = plant("app/cache/feature.py", line, absent + line)

    (message,) = said(template, imports)
    assert message.endswith(
        "needs app.auth.settings.AuthSettings: missing with auth=False, cache=True"
    )


def test_a_feature_that_is_never_attached(plant: Plant) -> None:
    line = "{% if cache %}\nfrom app.cache.feature import cache\n{% endif %}\n"
    plant(FEATURES, line, "")
    template = plant(FEATURES, "    {% if cache %}\n    cache,\n    {% endif %}\n", "")

    assert said(template, use) == [
        "app/cache/feature.py needs somebody who imports it: missing with cache=True"
    ]


def test_an_import_of_a_name_that_a_module_has_not(plant: Plant) -> None:
    line = "from app.core.feature import Feature\n"
    template = plant("app/cache/feature.py", line, "from app.core.feature import Features\n")

    (message,) = said(template, imports)
    assert message.endswith("needs app.core.feature.Features: missing with cache=True")


def test_a_dependency_that_is_missing_in_one_combination(plant: Plant) -> None:
    wrong = '{% if auth %}\n    "limits>=5.8"'
    template = plant(PYPROJECT, '{% if limiter %}\n    "limits>=5.8"', wrong)

    found = said(template, imports)
    assert any(" needs limits" in message for message in found)
    assert {message.partition("missing with ")[2] for message in found} == {
        "auth=False, rate_limit=True"
    }


def test_a_dependency_for_development_that_the_service_imports(plant: Plant) -> None:
    line = "from app.core.feature import Feature\n"
    template = plant("app/cache/feature.py", line, f"import pytest\n{line}")

    (message,) = said(template, imports)
    assert message.endswith("needs pytest: missing with cache=True")


def test_a_link_to_a_page_that_is_not_always_there(plant: Plant) -> None:
    template = plant("docs/README.md", "[README](../README.md)", "[jobs](jobs.md)")

    (message,) = said(template, mentions)
    assert message == "docs/README.md:3 needs docs/jobs.md: missing with celery=False"


def test_a_recipe_that_is_not_always_there(plant: Plant) -> None:
    template = plant("docs/README.md", "[README]", "`just superuser` and [README]")

    assert said(template, mentions) == [
        "docs/README.md:3 needs recipe superuser: missing with auth=False"
    ]


def test_a_setting_that_nothing_reads_or_nobody_can_find(plant: Plant) -> None:
    template = plant(".env.example.jinja", "CACHE_TTL_SECONDS=", "CACHE_TTL_SECOND=")

    undocumented, unknown = sorted(said(template, settings))
    assert "needs setting CACHE_TTL_SECOND: missing with cache=True" in undocumented
    assert unknown == "CACHE_TTL_SECONDS needs .env.example: missing with cache=True"


def test_a_deployment_without_a_setting_that_one_combination_needs(plant: Plant) -> None:
    compose_file = "deploy/compose/service.yaml.jinja"
    template = plant(compose_file, "{% if redis %}", "{% if cache %}")

    assert said(template, settings) == [
        "deploy/compose/service.yaml needs REDIS_URL: "
        "missing with cache=False, celery=True, docker=True"
    ]


def test_a_fixture_of_a_feature_that_may_be_absent(plant: Plant) -> None:
    signature = "async def test_every_answer_has_the_headers(limited: FastAPI)"
    asking = signature.replace(")", ", user_client: AsyncClient)")
    template = plant("tests/rate_limit/test_requests.py", signature, asking)

    (message,) = said(template, fixtures)
    assert message.endswith("needs fixture user_client: missing with auth=False, rate_limit=True")


def test_a_compose_file_that_is_included_and_not_there(plant: Plant) -> None:
    nginx = "  - deploy/compose/nginx.yaml\n"
    template = plant("compose.yaml.jinja", nginx, nginx + "  - deploy/compose/broker.yaml\n")

    assert said(template, compose) == [
        "compose.yaml needs deploy/compose/broker.yaml: missing with celery=False, docker=True"
    ]


def test_a_service_that_waits_for_one_that_is_not_there(plant: Plant) -> None:
    template = plant("deploy/compose/app.yaml.jinja", "{% if redis %}", "{% if docker %}")

    (message,) = said(template, compose)
    assert message.startswith("deploy/compose/app.yaml needs services redis: missing with ")


def test_a_manifest_that_is_listed_in_no_kustomization(plant: Plant) -> None:
    template = plant("deploy/kubernetes/base/kustomization.yaml.jinja", "  - worker.yaml\n", "")

    assert said(template, kubernetes) == [
        "deploy/kubernetes/base/worker.yaml needs a kustomization that lists it: "
        "missing with celery=True, kubernetes=True"
    ]


def test_a_reference_to_an_object_that_is_not_there(plant: Plant) -> None:
    template = plant("deploy/kubernetes/base/sqlite.yaml", "claimName: data", "claimName: files")

    (message,) = said(template, kubernetes)
    assert "needs PersistentVolumeClaim files: missing with database=sqlite" in message


def test_a_file_that_its_toggle_forgets(source: Path) -> None:
    template = Template(source)
    owned = list(questions.exclusions()["cache"])

    owned.remove("app/services/statistics.py")
    template.exclusions["cache"] = GitIgnoreSpec.from_lines(owned)

    found = said(template, imports)
    assert found
    assert all("services/statistics.py" in one and "cache=False" in one for one in found)


def test_a_folder_that_stays_behind_empty(plant: Plant) -> None:
    template = plant("deploy/units/worker.service", "", "[Unit]\n")

    template.exclusions["systemd_workers"] = GitIgnoreSpec.from_lines(
        ["deploy/units/worker.service"]
    )

    (message,) = said(template, folders)
    assert message.startswith("deploy/units needs a file in it: missing with ")
