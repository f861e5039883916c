"""Mutations of files: the checks of their variants report each."""

from collections.abc import Callable, Iterator
from pathlib import Path

from tests.mutations import Mutate, of_the_checks
from tests.static_checks import linting, reading
from tests.static_checks.template import Template
from tests.static_checks.variants import Fault, Variant, variants

pytestmark = of_the_checks

FEATURES = "app/features.py.jinja"


def rendered(template: Template, name: str) -> list[Variant]:
    found = variants(template, template.sources[name.removesuffix(".jinja")])
    return [one for one in found if isinstance(one, Variant)]


def faults(template: Template, name: str, check: Callable[[Variant], Iterator[str]]) -> list[str]:
    """Return the reports of a check for the variants of a file."""
    return [fault for variant in rendered(template, name) for fault in check(variant)]


def test_a_misspelt_toggle_is_undefined_in_jinja(mutate: Mutate) -> None:
    template = mutate(FEATURES, "{% if http_client %}\nfrom", "{% if http_clients %}\nfrom")

    source = template.sources["app/features.py"]
    found = [str(one) for one in variants(template, source) if isinstance(one, Fault)]
    assert found
    assert all("UndefinedError: 'http_clients' is undefined" in message for message in found)


def test_an_import_that_is_unsorted_after_one_toggle(mutate: Mutate, tmp_path: Path) -> None:
    feature = "from app.core.feature import Feature\n"
    alerts = "{% if alerts %}\nfrom app.observability.alerts.feature import alerts\n{% endif %}\n"
    template = mutate(FEATURES, alerts, "")
    template = mutate(FEATURES, feature, alerts + feature)

    written = linting.lay_out(template, rendered(template, FEATURES), tmp_path / "laid")
    found = list(linting.reports(tmp_path / "laid", written))
    assert len(found) == len(written) / 2
    assert all("alerts=True" in message and "I001" in message for message in found)


def test_blank_lines_that_do_not_vanish_with_their_block(mutate: Mutate) -> None:
    block = "{% if gitlab_deploy %}\n\n## Deployments"
    name = "docs/ci.md.jinja"
    template = mutate(name, block, f"\n{block}")

    found = faults(template, name, reading.leftovers)
    assert found
    assert all("gitlab" in fault for fault in found)


def test_a_file_that_is_empty_without_its_toggle(mutate: Mutate) -> None:
    name = "app/husk.env.jinja"
    template = mutate(name, "", "{% if cache %}\nCACHE_ENABLED=true\n{% endif %}\n")

    found = faults(template, name, reading.leftovers)
    assert f"{name} [cache=False]: is a husk" in found
    assert not any("cache=True" in fault for fault in found)


def test_jinja_that_is_left_over(mutate: Mutate) -> None:
    anchor = "# project recipes"
    template = mutate("justfile.jinja", anchor, "# {{ '{{ project_slug }}' }}\n" + anchor)

    found = faults(template, "justfile.jinja", reading.leftovers)
    assert found
    assert all("unrendered Jinja at '{{ project_slug }}" in fault for fault in found)


def test_an_anchor_that_only_some_projects_have(mutate: Mutate) -> None:
    anchor = "# project recipes"
    template = mutate("justfile.jinja", anchor, f"{{% if celery %}}\n{anchor}\n{{% endif %}}")

    found = faults(template, "justfile.jinja", reading.missing_anchors)
    assert found
    assert all("celery=False" in f and "lacks the anchor '# project recipes'" in f for f in found)


def test_a_duplicate_key_in_one_combination(mutate: Mutate) -> None:
    name = "deploy/compose/service.yaml.jinja"
    template = mutate(name, "      ALERT_WEBHOOK_URL:\n", "      SENTRY_DSN:\n")

    found = faults(template, name, reading.unreadable)
    assert found
    assert all("alerts=True" in fault and "sentry=True" in fault for fault in found)
    assert all("twice in a mapping: SENTRY_DSN" in fault for fault in found)
