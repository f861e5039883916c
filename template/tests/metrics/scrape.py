"""Scraping, as Prometheus does."""

from httpx2 import AsyncClient
from prometheus_client.parser import text_string_to_metric_families

Key = tuple[str, tuple[tuple[str, str], ...]]


class Samples(dict[Key, float]):
    """The values of one scrape."""

    def value(self, name: str, **labels: str) -> float:
        """One sample; 0 if there is none."""
        return self.get((name, tuple(sorted(labels.items()))), 0.0)

    def total(self, name: str) -> float:
        """The sum of all samples of a name."""
        return sum(value for (found, _), value in self.items() if found == name)

    def names(self) -> set[str]:
        """Every name."""
        return {name for name, _ in self}


def parse(text: str) -> Samples:
    """Parse the text format; no sample may occur twice."""
    samples = Samples()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            key = (sample.name, tuple(sorted(sample.labels.items())))
            assert key not in samples, key
            samples[key] = sample.value
    return samples


async def scrape(client: AsyncClient) -> Samples:
    """Scrape an app that runs."""
    response = await client.get("/metrics")
    assert response.status_code == 200, response.text
    return parse(response.text)
