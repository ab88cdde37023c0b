"""The plugins that a configuration may name, and where they come into play.

Source of names, points and default weights: kube-scheduler 1.35 (`default_plugins.go`) and
scheduler-plugins (`networkoverhead`, `topologicalsort`).
"""

from dataclasses import dataclass
from typing import Final

QUEUE_SORT: Final = "queueSort"
FILTER: Final = "filter"
SCORE: Final = "score"
BIND: Final = "bind"

# All extension points of KubeSchedulerConfiguration v1. The engine knows three of them: a plugin's
# preparation (preFilter, preScore) belongs to its filter or score there.
POINTS: Final = (
    "preEnqueue",
    QUEUE_SORT,
    "preFilter",
    FILTER,
    "postFilter",
    "preScore",
    SCORE,
    "reserve",
    "permit",
    "preBind",
    BIND,
    "postBind",
)


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin by name.

    Attributes:
        name: As configurations spell it.
        points: Extension points that it takes part in.
        exists: Whether netcore has it; else it is left out with a warning.
        replaces: Plugin of netcore's default set that steps back where this one is enabled.
    """

    name: str
    points: frozenset[str]
    exists: bool = True
    replaces: tuple[str, ...] = ()


def _plugin(name: str, *points: str, exists: bool = True, replaces: tuple[str, ...] = ()) -> Plugin:
    return Plugin(name, frozenset(points), exists, replaces)


PLUGINS: Final[dict[str, Plugin]] = {
    plugin.name: plugin
    for plugin in (
        _plugin("SchedulingGates", "preEnqueue"),
        _plugin("PrioritySort", QUEUE_SORT),
        _plugin("AppGroupSort", QUEUE_SORT),
        _plugin("TopologicalSort", QUEUE_SORT, replaces=("AppGroupSort",)),
        _plugin("NodeUnschedulable", FILTER),
        _plugin("NodeName", FILTER),
        _plugin("TaintToleration", FILTER, "preScore", SCORE),
        _plugin("NodeAffinity", "preFilter", FILTER, "preScore", SCORE),
        _plugin("NodePorts", "preFilter", FILTER),
        _plugin("NodeResourcesFit", "preFilter", FILTER, "preScore", SCORE),
        _plugin("NodeResourcesBalancedAllocation", "preScore", SCORE),
        _plugin("NetworkLimits", "preFilter", FILTER),
        _plugin("NetworkCost", "preScore", SCORE),
        _plugin(
            "NetworkOverhead",
            "preFilter",
            FILTER,
            "preScore",
            SCORE,
            replaces=("NetworkLimits", "NetworkCost"),
        ),
        _plugin("DefaultBinder", BIND),
        # Of upstream, not here yet.
        _plugin("ImageLocality", SCORE, exists=False),
        _plugin("PodTopologySpread", "preFilter", FILTER, "preScore", SCORE, exists=False),
        _plugin("InterPodAffinity", "preFilter", FILTER, "preScore", SCORE, exists=False),
        _plugin("VolumeRestrictions", "preFilter", FILTER, exists=False),
        _plugin("NodeVolumeLimits", "preFilter", FILTER, exists=False),
        _plugin("VolumeZone", "preFilter", FILTER, exists=False),
        _plugin("VolumeBinding", "preFilter", FILTER, "reserve", "preBind", SCORE, exists=False),
        _plugin(
            "DynamicResources", "preEnqueue", "preFilter", FILTER, "postFilter", "reserve",
            "preBind", SCORE, exists=False,
        ),
        _plugin("DefaultPreemption", "postFilter", exists=False),
        _plugin("GangScheduling", "preEnqueue", "permit", "reserve", exists=False),
        _plugin("NodeDeclaredFeatures", "preFilter", FILTER, exists=False),
    )
}  # fmt: skip

# The default set in upstream's order, which is the order of the filters, with netcore's own last.
# The network outweighs what the resource scores differ by between feasible nodes (at most 100
# each), as Diktyo's chart does with weight 5 for the same purpose.
DEFAULT_MULTI_POINT: Final[tuple[tuple[str, int], ...]] = (
    ("SchedulingGates", 0),
    ("AppGroupSort", 0),
    ("NodeUnschedulable", 0),
    ("NodeName", 0),
    ("TaintToleration", 3),
    ("NodeAffinity", 2),
    ("NodePorts", 0),
    ("NodeResourcesFit", 1),
    ("VolumeRestrictions", 0),
    ("NodeVolumeLimits", 0),
    ("VolumeBinding", 0),
    ("VolumeZone", 0),
    ("PodTopologySpread", 2),
    ("InterPodAffinity", 2),
    ("DynamicResources", 0),
    ("DefaultPreemption", 0),
    ("NodeResourcesBalancedAllocation", 1),
    ("ImageLocality", 1),
    ("DefaultBinder", 0),
    ("NetworkLimits", 0),
    ("NetworkCost", 5),
)
