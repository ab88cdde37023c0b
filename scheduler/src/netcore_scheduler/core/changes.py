"""Which changes in the cluster can help a pod that was rejected, by the plugin that rejected it.

A rejected pod waits until something happens that may turn a "no" into a "yes"; trying it at every
event would spend the scheduler on hopeless pods. A wake that turns out to be useless costs one
attempt; a wake that is missed costs minutes. So each hint errs towards waking, and a plugin that
has no hint here is woken by everything.
"""

import enum
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final


class Change(enum.Flag):
    """What happened to the cluster, as far as a waiting pod may care."""

    NODE_ADDED = enum.auto()
    NODE_REMOVED = enum.auto()
    NODE_ALLOCATABLE = enum.auto()
    NODE_LABELS = enum.auto()
    NODE_TAINTS = enum.auto()
    """Taints, or `spec.unschedulable`, which upstream treats as a taint too."""
    POD_BOUND = enum.auto()
    POD_CHANGED = enum.auto()
    """Labels or requests of a pod that has a node."""
    POD_FREED = enum.auto()
    """A pod gave its node's room back: it ended, was deleted, or its binding failed."""
    APP_GROUP = enum.auto()
    NETWORK_TOPOLOGY = enum.auto()
    NODE_NETWORK = enum.auto()
    ITSELF = enum.auto()
    """The waiting pod's own labels or spec."""


NOTHING: Final = Change(0)
ANYTHING: Final = ~NOTHING

_PLACEMENT: Final = Change.NODE_ADDED | Change.ITSELF
_PEERS: Final = (
    _PLACEMENT
    | Change.NODE_LABELS
    | Change.POD_BOUND
    | Change.POD_CHANGED
    | Change.POD_FREED
    | Change.APP_GROUP
    | Change.NETWORK_TOPOLOGY
)

HINTS: Final[Mapping[str, Change]] = MappingProxyType(
    {
        "NodeUnschedulable": _PLACEMENT | Change.NODE_TAINTS,
        "NodeName": _PLACEMENT,
        "TaintToleration": _PLACEMENT | Change.NODE_TAINTS,
        "NodeAffinity": _PLACEMENT | Change.NODE_LABELS,
        "NodePorts": _PLACEMENT | Change.POD_FREED,
        "NodeResourcesFit": (
            _PLACEMENT | Change.NODE_ALLOCATABLE | Change.POD_FREED | Change.POD_CHANGED
        ),
        "NetworkLimits": _PEERS | Change.NODE_NETWORK,
        "NetworkOverhead": _PEERS,
    }
)
"""Plugin → changes that may make it accept a node it rejected.

Source: the `EventsToRegister` of the upstream plugins; for ours, what they read.
"""

# The labels of the metric scheduler_queue_incoming_pods_total, as upstream words them.
_CAUSES: Final[Mapping[Change, str]] = MappingProxyType(
    {
        Change.NODE_ADDED: "NodeAdd",
        Change.NODE_REMOVED: "NodeDelete",
        Change.NODE_ALLOCATABLE: "NodeAllocatableChange",
        Change.NODE_LABELS: "NodeLabelChange",
        Change.NODE_TAINTS: "NodeTaintChange",
        Change.POD_BOUND: "AssignedPodAdd",
        Change.POD_CHANGED: "AssignedPodUpdate",
        Change.POD_FREED: "AssignedPodDelete",
        Change.APP_GROUP: "AppGroupChange",
        Change.NETWORK_TOPOLOGY: "NetworkTopologyChange",
        Change.NODE_NETWORK: "NodeNetworkChange",
        Change.ITSELF: "PodUpdate",
    }
)


def wakes_for(rejected_by: Iterable[str]) -> Change:
    """Return the changes that can help a pod which these plugins rejected.

    Any one of them may be what keeps the last fitting node away, so the hints add up. A pod that
    no plugin rejected failed for another reason (no nodes at all): everything may help it.
    """
    wakes = NOTHING
    for plugin in rejected_by:
        wakes |= HINTS.get(plugin, ANYTHING)
    return wakes or ANYTHING


def cause(change: Change) -> str:
    """Name a change as the queue's metrics do; of several, the first."""
    return next((name for bit, name in _CAUSES.items() if bit & change), "Other")
