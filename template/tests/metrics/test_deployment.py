"""Dashboards and rules query metrics that exist."""

import json
import re
from collections.abc import Iterator

import yaml
from httpx2 import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

from app.core.config import ROOT

DASHBOARDS = sorted((ROOT / "deploy/grafana/dashboards").glob("*.json"))
RULES = sorted((ROOT / "deploy/prometheus/rules").glob("*.yml"))
LABELS = re.compile(r'"[^"]*"|{[^}]*}|\[[^]]*\]|\b(?:by|without)\s*\([^)]*\)')
NAME = re.compile(r"\b[a-z_][a-z0-9_:]*\b(?!\s*\()")
WORDS = {"and", "or", "unless", "offset", "job"}
SUFFIXES = ("", "_total", "_bucket", "_sum", "_count")
# Made by Prometheus.
OWN = {"up"}


def rules() -> Iterator[dict[str, str]]:
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from group["rules"]


def queries() -> Iterator[str]:
    for path in DASHBOARDS:
        board = json.loads(path.read_text())
        yield from (target["expr"] for panel in board["panels"] for target in panel["targets"])
        for variable in board["templating"]["list"]:
            yield variable["definition"].removeprefix("label_values(").removesuffix(", job)")
    yield from (rule["expr"] for rule in rules())


def names(query: str) -> set[str]:
    return set(NAME.findall(LABELS.sub(" ", query))) - WORDS


async def exported(client: AsyncClient) -> set[str]:
    text = (await client.get("/metrics")).text
    families = [family.name for family in text_string_to_metric_families(text)]
    return {name + suffix for name in families for suffix in SUFFIXES}


async def test_every_query_names_an_existing_metric(anonymous: AsyncClient) -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    known = await exported(anonymous) | recorded | OWN

    asked = {name for query in queries() for name in names(query)}

    assert asked - known == set()
    assert len(asked) > 10
    assert recorded <= asked | {"app:http_requests:rate5m"}


def test_panels_have_different_places_and_titles() -> None:
    for path in DASHBOARDS:
        panels = json.loads(path.read_text())["panels"]
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
        assert len(set(places)) == len({panel["title"] for panel in panels}) == len(panels)
