"""What the processes of the service use: this one, or all that one supervisor runs."""

from collections.abc import Iterator
from contextlib import suppress

import psutil
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric


def usage(supervisor: int | None) -> Iterator[Metric]:
    """Measure the processes now. Those that have ended count in their parent's time."""
    processes = [psutil.Process(supervisor)]
    if supervisor is not None:
        processes += processes[0].children(recursive=True)
    seconds = memory = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
            memory += process.memory_info().rss
    yield CounterMetricFamily("process_cpu_seconds", "CPU time used", value=seconds)
    yield GaugeMetricFamily("process_resident_memory_bytes", "Memory used", value=memory)
