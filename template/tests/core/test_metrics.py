"""Metrics are declared where they are counted, and recorded if a feature does that."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from app.core import metrics
from app.core.metrics import Counter, Histogram, Metric, record_with

Recorded = list[tuple[str, float, dict[str, str]]]


@pytest.fixture(autouse=True)
def none_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """No metric, and nothing that records."""
    monkeypatch.setattr(metrics, "METRICS", [])
    monkeypatch.setattr(metrics, "_define", None)


def recording(recorded: Recorded) -> Callable[[Metric], Callable[..., Any]]:
    """Append to a list what is recorded."""

    def define(metric: Metric) -> Callable[..., Any]:
        def child(**labels: str) -> SimpleNamespace:
            def add(amount: float) -> None:
                recorded.append((metric.name, amount, labels))

            return SimpleNamespace(inc=add, observe=add)

        return child

    return define


def test_those_declared_before_and_after_are_recorded() -> None:
    recorded: Recorded = []
    pots = Counter("pots_total", "Pots of tea", kind=())
    pots.inc(kind="white")  # not recorded

    record_with(recording(recorded))
    minutes = Histogram("minutes", "Time that the tea drew")
    pots.inc(kind="green")
    pots.inc(2, kind="black")
    minutes.observe(4)

    green, black = {"kind": "green"}, {"kind": "black"}
    assert recorded == [("pots_total", 1, green), ("pots_total", 2, black), ("minutes", 4, {})]
    assert [metric.name for metric in metrics.METRICS] == ["pots_total", "minutes"]
