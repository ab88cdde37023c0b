"""Network-aware placement for Kubernetes.

Put the objects of a cluster into a `ClusterState`, in the JSON of the API server, and ask for a
plan:

>>> import netcore
>>> state = netcore.ClusterState()
>>> for name in ("near", "far"):
...     state.apply(
...         "Node",
...         b'{"metadata": {"name": "%b"},'
...         b' "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"}}}'
...         % name.encode(),
...     )
>>> pod = state.apply(
...     "Pod",
...     b'{"metadata": {"namespace": "shop", "name": "web-1", "uid": "1"},'
...     b' "spec": {"nodeSelector": {}, "containers": [{"name": "web"}]}}',
... )
>>> profile = netcore.Profile(
...     b'{"schedulerName": "netcore", "queueSort": {"name": "PrioritySort"},'
...     b' "filters": [{"name": "NodeResourcesFit"}],'
...     b' "scores": [{"name": "NodeResourcesFit", "weight": 1}]}'
... )
>>> plan = state.plan(profile, [pod.key])
>>> [(decision.pod, decision.node in state.nodes) for decision in plan.decisions]
[('shop/web-1', True)]

The state is now as if the pod were bound there; `forget` gives its room back.
"""

from netcore._netcore import (
    AppGraph,
    BandwidthEstimate,
    ClusterState,
    CostMatrix,
    Decision,
    Estimate,
    GroupPlacement,
    GroupPlan,
    InvalidInputError,
    NetcoreError,
    Plan,
    PodSummary,
    Profile,
    Scores,
    Topology,
    UnknownObjectError,
    __version__,
    estimate,
    estimate_bandwidth,
    place_group,
)

__all__ = [
    "AppGraph",
    "BandwidthEstimate",
    "ClusterState",
    "CostMatrix",
    "Decision",
    "Estimate",
    "GroupPlacement",
    "GroupPlan",
    "InvalidInputError",
    "NetcoreError",
    "Plan",
    "PodSummary",
    "Profile",
    "Scores",
    "Topology",
    "UnknownObjectError",
    "__version__",
    "estimate",
    "estimate_bandwidth",
    "place_group",
]
