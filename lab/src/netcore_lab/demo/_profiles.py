"""The three ways to place: each a profile of one KubeSchedulerConfiguration."""

from dataclasses import dataclass
from typing import Any, Final

from netcore_lab.workloads import Application

TOPOLOGY_NAME: Final = "netcore"
TOPOLOGY_NAMESPACE: Final = "default"
# The tutorial of Diktyo gives each dependency of Online Boutique this limit; there, a dependency
# without one gets 0, and every link between zones would violate it.
_DIKTYO_MAX_COST: Final = 400


@dataclass(frozen=True, slots=True)
class Way:
    """One way to place the application.

    Attributes:
        name: Key in the demo's JSON.
        title: For people.
        scheduler_name: Profile that the pods name.
        order: Sorting algorithm of the AppGroup.
        max_network_cost: Limit given to each dependency; None gives none.
    """

    name: str
    title: str
    scheduler_name: str
    order: str
    max_network_cost: int | None

    def app_group(self, application: Application) -> dict[str, Any]:
        """The application's AppGroup as this way wants it."""
        group = application.app_group(order=self.order)
        if self.max_network_cost is not None:
            for workload in group["spec"]["workloads"]:
                for dependency in workload["dependencies"]:
                    dependency["maxNetworkCost"] = self.max_network_cost
        return group


WAYS: Final = (
    Way("resources", "by resources alone", "resources", "KahnSort", None),
    Way("networkoverhead", "NetworkOverhead", "networkoverhead", "KahnSort", _DIKTYO_MAX_COST),
    Way("netcore", "netcore", "netcore", "TrafficSort", None),
)

_KUBERNETES_FILTERS: Final = (
    "NodeUnschedulable",
    "NodeName",
    "TaintToleration",
    "NodeAffinity",
    "NodePorts",
)


def scheduler_configuration() -> dict[str, Any]:
    """A KubeSchedulerConfiguration with a profile for each way.

    `resources` is what Kubernetes does by default, `networkoverhead` what Diktyo's Helm chart
    sets up (weight 5, no score for resources), `netcore` the default of netcore.
    """
    return {
        "apiVersion": "kubescheduler.config.k8s.io/v1",
        "kind": "KubeSchedulerConfiguration",
        "profiles": [
            {
                "schedulerName": "resources",
                "plugins": {
                    "multiPoint": {
                        "disabled": [{"name": "*"}],
                        "enabled": [
                            {"name": "PrioritySort"},
                            *({"name": name} for name in _KUBERNETES_FILTERS),
                            {"name": "NodeResourcesFit"},
                            {"name": "NodeResourcesBalancedAllocation"},
                            {"name": "DefaultBinder"},
                        ],
                    }
                },
            },
            {
                "schedulerName": "networkoverhead",
                "plugins": {
                    "multiPoint": {
                        "disabled": [{"name": "*"}],
                        "enabled": [
                            *({"name": name} for name in _KUBERNETES_FILTERS),
                            {"name": "NodeResourcesFit"},
                            {"name": "NetworkOverhead", "weight": 5},
                            {"name": "DefaultBinder"},
                        ],
                    },
                    "queueSort": {"enabled": [{"name": "TopologicalSort"}]},
                    "score": {"disabled": [{"name": "NodeResourcesFit"}]},
                },
                "pluginConfig": [
                    {
                        "name": "TopologicalSort",
                        "args": {"namespaces": ["default"]},
                    },
                    {
                        "name": "NetworkOverhead",
                        "args": {
                            "namespaces": ["default"],
                            "weightsName": "NetperfCosts",
                            "networkTopologyName": TOPOLOGY_NAME,
                        },
                    },
                ],
            },
            {"schedulerName": "netcore"},
        ],
    }
