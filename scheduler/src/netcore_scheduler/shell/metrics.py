"""Metrics, under the names of kube-scheduler where they mean the same.

The mean network cost of placements is `netcore_link_cost_sum / netcore_link_cost_count`.

Source of names and buckets: kube-scheduler's `metrics.go` (STABLE and BETA ones).
"""

import time
from collections.abc import Callable, Iterator
from typing import Final

import orjson
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from netcore import ClusterState, Plan
from netcore_scheduler.core import UNSCHEDULABLE, Announce, Place, SchedulingCore, Warn
from netcore_scheduler.shell.cluster_view import ClusterView
from netcore_scheduler.shell.reporter import Reporter

_ATTEMPT_BUCKETS: Final = tuple(0.001 * 2**power for power in range(15))
_SLI_BUCKETS: Final = tuple(0.01 * 2**power for power in range(20))
_COST_BUCKETS: Final = tuple(step / 20 for step in range(1, 21))
_WAITING: Final = (Place.ACTIVE, Place.BACKOFF, Place.UNSCHEDULABLE, Place.GATED)


class Metrics:
    """What the process counts; each instance has a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._attempts = Counter(
            "scheduler_schedule_attempts",
            "Attempts to schedule pods, by result.",
            ["result", "profile"],
            registry=self.registry,
        )
        self._duration = Histogram(
            "scheduler_scheduling_attempt_duration_seconds",
            "Time to plan a batch, for each of its pods.",
            ["profile"],
            buckets=_ATTEMPT_BUCKETS,
            registry=self.registry,
        )
        self._tries = Histogram(
            "scheduler_pod_scheduling_attempts",
            "Attempts until a pod was bound.",
            buckets=(1, 2, 4, 8, 16),
            registry=self.registry,
        )
        self._sli = Histogram(
            "scheduler_pod_scheduling_sli_duration_seconds",
            "From the moment a pod was first seen without gates until it was bound.",
            buckets=_SLI_BUCKETS,
            registry=self.registry,
        )
        self._binding = Histogram(
            "scheduler_binding_duration_seconds",
            "Time that a binding takes at the API server.",
            buckets=_ATTEMPT_BUCKETS,
            registry=self.registry,
        )
        self._cost = Histogram(
            "netcore_link_cost",
            "Cost of the links between a placed pod and its peers, 0 (best) to 1.",
            buckets=_COST_BUCKETS,
            registry=self.registry,
        )
        self._links = Counter(
            "netcore_links",
            "Links between a placed pod and its peers, by where their figures come from.",
            ["source"],
            registry=self.registry,
        )
        self._blind = Counter(
            "netcore_pods_with_unknown_links",
            "Pods placed though nobody measured the network to one of their peers.",
            registry=self.registry,
        )

    def planned(self, profile: str, plan: Plan, took_s: float) -> None:
        """Count a plan."""
        for _ in plan.decisions:
            self._duration.labels(profile).observe(took_s / len(plan.decisions))

    def bound(self, action: Announce) -> None:
        """Count a pod that was bound, and the links it got."""
        self._attempts.labels("scheduled", action.scheduler_name).inc()
        self._tries.observe(action.attempts)
        self._sli.observe(action.waited_s)
        links = orjson.loads(action.record).get("links", ()) if action.record else ()
        for link in links:
            self._links.labels(link["source"]).inc()
            if link.get("cost") is not None:
                self._cost.observe(link["cost"])
        if any(link["source"] == "unknown" for link in links):
            self._blind.inc()

    def failed(self, action: Warn) -> None:
        """Count an attempt that found no node, or ended in an error."""
        result = "unschedulable" if action.condition.reason == UNSCHEDULABLE else "error"
        self._attempts.labels(result, action.scheduler_name).inc()

    def binding_took(self, took_s: float) -> None:
        """Count a binding."""
        self._binding.observe(took_s)

    def watch(
        self, core: SchedulingCore, state: ClusterState, view: ClusterView, reporter: Reporter
    ) -> None:
        """Read the gauges of these when somebody asks."""
        self.registry.register(_Live(core, view, reporter))
        warnings = Gauge(
            "netcore_object_warnings",
            "What is wrong in the objects held, such as a cycle in an AppGroup.",
            registry=self.registry,
        )
        warnings.set_function(_when_free(lambda: float(len(state.warnings()))))

    def exposition(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self.registry)


class _Live:
    """Figures that others keep."""

    def __init__(self, core: SchedulingCore, view: ClusterView, reporter: Reporter) -> None:
        self._core = core
        self._view = view
        self._reporter = reporter

    def collect(self) -> Iterator[Metric]:
        """Yield what stands now."""
        queue = self._core.queue
        pending = GaugeMetricFamily(
            "scheduler_pending_pods", "Pods that wait, by where.", labels=["queue"]
        )
        for place in _WAITING:
            pending.add_metric([place.value], queue.count(place))
        yield pending
        incoming = CounterMetricFamily(
            "scheduler_queue_incoming_pods",
            "Pods that came to a queue, by queue and cause.",
            labels=["queue", "event"],
        )
        for (place_name, event), count in sorted(queue.incoming.items()):
            incoming.add_metric([place_name, event], count)
        yield incoming
        refused = CounterMetricFamily(
            "netcore_refused_objects", "Objects that the engine did not take.", labels=["kind"]
        )
        for kind, count in sorted(self._view.refused.items()):
            refused.add_metric([kind], count)
        yield refused
        yield GaugeMetricFamily(
            "netcore_foreign_pending_pods",
            "Pending pods that name other schedulers.",
            self._view.foreign_pending,
        )
        yield GaugeMetricFamily(
            "netcore_stale_node_networks",
            "NodeNetworks whose measurements are past their validity.",
            self._view.stale_node_networks(time.time()),
        )
        yield CounterMetricFamily(
            "netcore_dropped_reports",
            "Events and conditions that were not posted.",
            self._reporter.dropped,
        )


def _when_free(read: Callable[[], float]) -> Callable[[], float]:
    """Read a figure of the engine; NaN while it plans."""

    def value() -> float:
        try:
            return read()
        except RuntimeError:
            return float("nan")

    return value
