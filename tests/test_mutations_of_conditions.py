"""Mutations of conditions: the static checks report what is missing in some combination."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from pathspec import GitIgnoreSpec

from tests import questions
from tests.mutations import Mutate, of_the_checks
from tests.static_checks.fixtures import fixtures
from tests.static_checks.imports import imports
from tests.static_checks.manifests import compose, folders, kubernetes
from tests.static_checks.mentions import mentions
from tests.static_checks.needs import Need, unmet
from tests.static_checks.settings import settings
from tests.static_checks.template import Template
from tests.static_checks.use import use

pytestmark = of_the_checks

FEATURES = "app/features.py.jinja"
PYPROJECT = "pyproject.toml.jinja"


def reports(template: Template, layer: Callable[[Template], Iterator[Need]]) -> list[str]:
    """Return the reports of one of the static checks."""
    return list(unmet(template.space, layer(template)))


def test_an_import_under_the_wrong_toggle(mutate: Mutate) -> None:
    wrong = "{% if redis %}\nfrom app.cache.feature import cache"
    template = mutate(FEATURES, "{% if cache %}\nfrom app.cache.feature import cache", wrong)

    (message,) = reports(template, imports)
    assert re.fullmatch(
        r"app/features\.py\.jinja:\d+ needs app\.cache\.feature\.cache: "
        r"missing with cache=False, celery=True",
        message,
    )


def test_an_import_of_a_file_that_is_absent_in_one_pair(mutate: Mutate) -> None:
    line = "from app.core.feature import Feature\n"
    absent = "from app.auth.settings import AuthSettings\n"
    template = mutate("app/cache/feature.py", line, absent + line)

    (message,) = reports(template, imports)
    assert message.endswith(
        "needs app.auth.settings.AuthSettings: missing with auth=False, cache=True"
    )


def test_a_feature_that_is_never_attached(mutate: Mutate) -> None:
    line = "{% if cache %}\nfrom app.cache.feature import cache\n{% endif %}\n"
    mutate(FEATURES, line, "")
    block = re.compile(r"    {% if cache %}\n    #.*\n    cache,\n    {% endif %}\n")
    (element,) = block.findall((questions.ROOT / "template" / FEATURES).read_text())
    template = mutate(FEATURES, element, "")

    assert reports(template, use) == [
        "app/cache/feature.py needs a module that imports it: missing with cache=True"
    ]


def test_an_import_of_an_undefined_name(mutate: Mutate) -> None:
    line = "from app.core.feature import Feature\n"
    template = mutate("app/cache/feature.py", line, "from app.core.feature import Features\n")

    (message,) = reports(template, imports)
    assert message.endswith("needs app.core.feature.Features: missing with cache=True")


def test_a_dependency_that_is_missing_in_one_combination(mutate: Mutate) -> None:
    wrong = '{% if auth %}\n    "limits>=5.8"'
    template = mutate(PYPROJECT, '{% if limiter %}\n    "limits>=5.8"', wrong)

    found = reports(template, imports)
    assert any(" needs limits" in message for message in found)
    assert {message.partition("missing with ")[2] for message in found} == {
        "auth=False, rate_limit=True"
    }


def test_a_dependency_for_development_that_the_service_imports(mutate: Mutate) -> None:
    line = "from app.core.feature import Feature\n"
    template = mutate("app/cache/feature.py", line, f"import pytest\n{line}")

    (message,) = reports(template, imports)
    assert message.endswith("needs pytest: missing with cache=True")


def test_a_link_to_a_page_that_is_not_always_there(mutate: Mutate) -> None:
    template = mutate("docs/README.md", "[README](../README.md)", "[jobs](jobs.md)")

    (message,) = reports(template, mentions)
    assert message == "docs/README.md:3 needs docs/jobs.md: missing with celery=False"


def test_a_recipe_that_is_not_always_there(mutate: Mutate) -> None:
    template = mutate("docs/README.md", "[README]", "`just superuser` and [README]")

    assert reports(template, mentions) == [
        "docs/README.md:3 needs recipe superuser: missing with auth=False"
    ]


def test_a_setting_that_is_unknown_or_undocumented(mutate: Mutate) -> None:
    template = mutate(".env.example.jinja", "CACHE_TTL_SECONDS=", "CACHE_TTL_SECOND=")

    undocumented, unknown = sorted(reports(template, settings))
    assert "needs setting CACHE_TTL_SECOND: missing with cache=True" in undocumented
    assert unknown == "CACHE_TTL_SECONDS needs .env.example: missing with cache=True"


def test_a_deployment_without_a_setting_that_one_combination_needs(mutate: Mutate) -> None:
    compose_file = "deploy/compose/service.yaml.jinja"
    template = mutate(compose_file, "{% if redis %}", "{% if cache %}")

    assert reports(template, settings) == [
        "deploy/compose/service.yaml needs REDIS_URL: "
        "missing with cache=False, celery=True, docker=True"
    ]


def test_a_fixture_of_a_feature_that_may_be_absent(mutate: Mutate) -> None:
    signature = "async def test_every_answer_has_the_headers(limited: FastAPI)"
    asking = signature.replace(")", ", user_client: AsyncClient)")
    template = mutate("tests/rate_limit/test_requests.py", signature, asking)

    (message,) = reports(template, fixtures)
    assert message.endswith("needs fixture user_client: missing with auth=False, rate_limit=True")


def test_a_compose_file_that_is_included_and_not_there(mutate: Mutate) -> None:
    nginx = "  - deploy/compose/nginx.yaml\n"
    template = mutate("compose.yaml.jinja", nginx, nginx + "  - deploy/compose/broker.yaml\n")

    assert reports(template, compose) == [
        "compose.yaml needs deploy/compose/broker.yaml: missing with celery=False, docker=True"
    ]


def test_a_service_that_waits_for_one_that_is_not_there(mutate: Mutate) -> None:
    template = mutate("deploy/compose/app.yaml.jinja", "{% if redis %}", "{% if docker %}")

    (message,) = reports(template, compose)
    assert message.startswith("deploy/compose/app.yaml needs services redis: missing with ")


def test_a_manifest_that_is_listed_in_no_kustomization(mutate: Mutate) -> None:
    template = mutate("deploy/kubernetes/base/kustomization.yaml.jinja", "  - worker.yaml\n", "")

    assert reports(template, kubernetes) == [
        "deploy/kubernetes/base/worker.yaml needs a kustomization that lists it: "
        "missing with celery=True, kubernetes=True"
    ]


def test_a_reference_to_an_object_that_is_not_there(mutate: Mutate) -> None:
    template = mutate("deploy/kubernetes/base/sqlite.yaml", "claimName: data", "claimName: files")

    (message,) = reports(template, kubernetes)
    assert "needs PersistentVolumeClaim files: missing with database=sqlite" in message


def test_a_file_that_is_missing_in_its_toggle(source: Path) -> None:
    template = Template(source)
    owned = list(questions.exclusions()["celery"])

    owned.remove("app/services/job.py")
    template.exclusions["celery"] = GitIgnoreSpec.from_lines(owned)

    found = reports(template, imports)
    assert found
    assert all("services/job.py" in one and "celery=False" in one for one in found)


def test_a_folder_that_stays_behind_empty(mutate: Mutate) -> None:
    template = mutate("deploy/units/worker.service", "", "[Unit]\n")

    template.exclusions["systemd_workers"] = GitIgnoreSpec.from_lines(
        ["deploy/units/worker.service"]
    )

    (message,) = reports(template, folders)
    assert message.startswith("deploy/units needs a file in it: missing with ")
