"""Samples, and what they say together."""

import statistics
from collections.abc import Iterable
from dataclasses import dataclass

# Other programs of the machine only make a sample slower: a low quantile has the least of them.
QUANTILE = 0.2


@dataclass(frozen=True, slots=True)
class Sample:
    """One burst: what a request cost, in microseconds of CPU; latencies are in milliseconds."""

    program: str
    work: str
    cpu_us: float
    statements: float | None = None
    database_us: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    failed: int = 0


def quantile(values: Iterable[float], share: float = QUANTILE) -> float:
    """Return the value that a share of all values is at most, between two of them if need be."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("no values")
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def cost(samples: Iterable[Sample], program: str, work: str) -> float | None:
    """Return the CPU of a request; None if it was not measured."""
    values = [one.cpu_us for one in samples if (one.program, one.work) == (program, work)]
    return quantile(values) if values else None


def middle(samples: Iterable[Sample], program: str, work: str, name: str) -> float | None:
    """Return the median of another number of the samples; None if there is none."""
    values = [
        value
        for one in samples
        if (one.program, one.work) == (program, work) and (value := getattr(one, name)) is not None
    ]
    return statistics.median(values) if values else None
