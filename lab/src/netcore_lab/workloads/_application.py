"""An application as services and calls, and the Kubernetes objects that it becomes."""

from dataclasses import dataclass
from typing import Any

from netcore.resources import APP_GROUP, APP_GROUP_LABEL, DEPLOYMENT, WORKLOAD_LABEL


@dataclass(frozen=True, slots=True)
class Service:
    """One service and what a replica of it requests."""

    name: str
    cpu_millis: int
    memory_mib: int
    image: str


@dataclass(frozen=True, slots=True)
class Call:
    """`caller` calls `callee`, so many times per user task.

    Attributes:
        weight: Calls per user task.
        max_network_cost: Highest cost (RTT in ms) that the call bears; None sets no limit.
        min_bandwidth_bps: Bandwidth to reserve, bit/s; 0 reserves none.
    """

    caller: str
    callee: str
    weight: float
    max_network_cost: int | None = None
    min_bandwidth_bps: int = 0


@dataclass(frozen=True, slots=True)
class Application:
    """Services and the calls between them."""

    name: str
    services: tuple[Service, ...]
    calls: tuple[Call, ...]

    def app_group(
        self, *, namespace: str = "default", order: str = "TrafficSort"
    ) -> dict[str, Any]:
        """The AppGroup object.

        Args:
            namespace: Where the application lives.
            order: Sorting algorithm, as in AppGraph.order.
        """
        return {
            "apiVersion": APP_GROUP.api_version,
            "kind": APP_GROUP.kind,
            "metadata": {"name": self.name, "namespace": namespace},
            "spec": {
                "numMembers": len(self.services),
                "topologySortingAlgorithm": order,
                "workloads": [
                    {
                        "workload": _reference(service.name, namespace),
                        "dependencies": [
                            _dependency(call, namespace)
                            for call in self.calls
                            if call.caller == service.name
                        ],
                    }
                    for service in self.services
                ],
            },
        }

    def deployments(
        self, *, namespace: str = "default", replicas: int, scheduler_name: str
    ) -> list[dict[str, Any]]:
        """One Deployment a service.

        Args:
            namespace: Where the application lives.
            replicas: Of each service.
            scheduler_name: Who places the pods.
        """
        return [
            self._deployment(service, namespace, replicas, scheduler_name)
            for service in self.services
        ]

    def _deployment(
        self, service: Service, namespace: str, replicas: int, scheduler_name: str
    ) -> dict[str, Any]:
        labels = {"app": service.name, APP_GROUP_LABEL: self.name, WORKLOAD_LABEL: service.name}
        return {
            "apiVersion": DEPLOYMENT.api_version,
            "kind": DEPLOYMENT.kind,
            "metadata": {"name": service.name, "namespace": namespace, "labels": labels},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": service.name}},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "schedulerName": scheduler_name,
                        "containers": [
                            {
                                "name": "server",
                                "image": service.image,
                                "resources": {
                                    "requests": {
                                        "cpu": f"{service.cpu_millis}m",
                                        "memory": f"{service.memory_mib}Mi",
                                    }
                                },
                            }
                        ],
                    },
                },
            },
        }


def _reference(service: str, namespace: str) -> dict[str, str]:
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "namespace": namespace,
        "name": service,
        "selector": service,
    }


def _dependency(call: Call, namespace: str) -> dict[str, Any]:
    dependency: dict[str, Any] = {
        "workload": _reference(call.callee, namespace),
        "weight": call.weight,
    }
    if call.max_network_cost is not None:
        dependency["maxNetworkCost"] = call.max_network_cost
    if call.min_bandwidth_bps:
        dependency["minBandwidth"] = str(call.min_bandwidth_bps)
    return dependency
