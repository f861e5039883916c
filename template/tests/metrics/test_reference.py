"""docs/reference.md lists the metrics."""

from fastapi import FastAPI
from httpx2 import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

from dev.reference.code import metrics


async def test_the_page_lists_what_a_scrape_returns(client: AsyncClient, app: FastAPI) -> None:
    scraped = (await client.get("/metrics")).text
    listed = {name.strip("`"): (kind, labels) for name, kind, labels, _ in metrics(app)}

    for family in text_string_to_metric_families(scraped):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        kind, labels = listed[name]
        assert kind == family.type
        assert {f"`{label}`" for sample in family.samples for label in sample.labels} <= {
            *labels.split(", "),
            "`le`",
        }
    assert listed["http_requests_total"] == ("counter", "`method`, `route`, `status`")
    assert "db_pool_connections_limit" in listed
