"""Read /metrics in tests."""

from flask import Flask
from prometheus_client.parser import text_string_to_metric_families

REQUESTS = "flasky_http_requests_total"


class Scrape:
    """The samples that /metrics returns at one moment."""

    def __init__(self, app: Flask) -> None:
        response = app.test_client().get("/metrics")
        assert response.status_code == 200
        self.samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(response.text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """Return the value of a sample, or 0 if there is none."""
        return self.samples.get((name, tuple(sorted(labels.items()))), 0.0)

    def total(self, name: str) -> float:
        """Return the sum over all labels."""
        return sum(value for (metric, _labels), value in self.samples.items() if metric == name)


def increase(app: Flask, before: Scrape, name: str, **labels: str) -> float:
    """Return how much a sample has grown since the scrape `before`."""
    return Scrape(app).value(name, **labels) - before.value(name, **labels)
