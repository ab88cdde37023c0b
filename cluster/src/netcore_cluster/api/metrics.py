"""What /metrics tells of requests: how many, of which kind, how long they took.

Counting is a dictionary; the client library is imported by the first who reads.

Source: names and buckets of kube-apiserver's ``apiserver_request_*`` metrics.
"""

import time
from bisect import bisect_left
from collections.abc import Iterable, Mapping

from netcore_cluster.api.connection import Stream
from netcore_cluster.api.http1 import Response
from netcore_cluster.api.routes import Route

BUCKETS_S = (0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2, 3, 5, 8, 10, 30, 60)

Labels = tuple[str, str, str]


class RequestMetrics:
    """Counters and durations of requests."""

    def __init__(self) -> None:
        """Starts at zero."""
        self._totals: dict[tuple[str, str, str, int], int] = {}
        self._buckets: dict[Labels, list[int]] = {}
        self._sums_s: dict[Labels, float] = {}

    def started(self) -> float:
        """Returns the moment, in seconds, that `finished` wants back."""
        return time.perf_counter()

    def finished(
        self, method: str, route: Route | None, answer: Response | Stream, started_s: float
    ) -> None:
        """Counts an answered request; a stream counts when it begins."""
        resource = route.plural if route else ""
        subresource = route.subresource if route else ""
        labels = (method, resource, subresource)
        code = answer.status if isinstance(answer, Response) else 200
        key = (*labels, code)
        self._totals[key] = self._totals.get(key, 0) + 1
        if isinstance(answer, Response):
            spent_s = time.perf_counter() - started_s
            counts = self._buckets.get(labels)
            if counts is None:
                counts = self._buckets[labels] = [0] * (len(BUCKETS_S) + 1)
                self._sums_s[labels] = 0.0
            counts[bisect_left(BUCKETS_S, spent_s)] += 1
            self._sums_s[labels] += spent_s

    def text(
        self, gauges: Mapping[str, tuple[str, Iterable[tuple[Mapping[str, str], float]]]]
    ) -> bytes:
        """Returns everything in the Prometheus text format.

        Args:
            gauges: further values: name → (help, samples of labels and value).
        """
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.core import (
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
            Metric,
        )

        families: list[Metric] = []
        total = CounterMetricFamily(
            "apiserver_request",
            "Requests answered.",
            labels=["verb", "resource", "subresource", "code"],
        )
        for (verb, resource, subresource, code), count in self._totals.items():
            total.add_metric([verb, resource, subresource, str(code)], count)
        families.append(total)
        durations = HistogramMetricFamily(
            "apiserver_request_duration_seconds",
            "Time from a request's last byte to its answer, watches excluded.",
            labels=["verb", "resource", "subresource"],
        )
        for labels, counts in self._buckets.items():
            running, cumulated = 0, []
            for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), counts, strict=True):
                running += count
                cumulated.append((bound, running))
            durations.add_metric(labels, cumulated, self._sums_s[labels])
        families.append(durations)
        for name, (description, samples) in gauges.items():
            found = list(samples)
            gauge = GaugeMetricFamily(name, description, labels=list(found[0][0]) if found else [])
            for sample_labels, value in found:
                gauge.add_metric(list(sample_labels.values()), value)
            families.append(gauge)

        class Families:
            def collect(self) -> Iterable[Metric]:
                return families

        registry = CollectorRegistry()
        registry.register(Families())
        return generate_latest(registry)
