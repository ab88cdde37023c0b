"""Names of the custom resources and labels, and the definitions that a cluster needs.

AppGroup and NetworkTopology are Diktyo's own, field for field, so that existing manifests and the
Go plugins go on working; NodeNetwork is netcore's.
"""

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

APP_GROUP_LABEL: Final = "appgroup.diktyo.x-k8s.io"
WORKLOAD_LABEL: Final = "appgroup.diktyo.x-k8s.io.workload"
REGION_LABEL: Final = "topology.kubernetes.io/region"
ZONE_LABEL: Final = "topology.kubernetes.io/zone"
DECISION_ANNOTATION: Final = "netcore.dev/decision"


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object and where an API server keeps it."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def api_version(self) -> str:
        """`group/version`, or the bare version of the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def path(self, name: str = "", *, namespace: str = "", subresource: str = "") -> str:
        """URL path of the collection, or of one object in it.

        Args:
            name: Object's name; empty for the collection.
            namespace: Namespace; empty for all namespaces or a cluster-scoped kind.
            subresource: Such as `status` or `binding`.
        """
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        parts = [root]
        if namespace:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part]
        return "/".join(parts)


NODE: Final = Resource("", "v1", "Node", "nodes", namespaced=False)
POD: Final = Resource("", "v1", "Pod", "pods", namespaced=True)
NAMESPACE: Final = Resource("", "v1", "Namespace", "namespaces", namespaced=False)
SERVICE: Final = Resource("", "v1", "Service", "services", namespaced=True)
CONFIG_MAP: Final = Resource("", "v1", "ConfigMap", "configmaps", namespaced=True)
EVENT: Final = Resource("events.k8s.io", "v1", "Event", "events", namespaced=True)
LEASE: Final = Resource("coordination.k8s.io", "v1", "Lease", "leases", namespaced=True)
DEPLOYMENT: Final = Resource("apps", "v1", "Deployment", "deployments", namespaced=True)
PRIORITY_CLASS: Final = Resource(
    "scheduling.k8s.io", "v1", "PriorityClass", "priorityclasses", namespaced=False
)
CRD: Final = Resource(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    namespaced=False,
)
APP_GROUP: Final = Resource(
    "appgroup.diktyo.x-k8s.io", "v1alpha1", "AppGroup", "appgroups", namespaced=True
)
NETWORK_TOPOLOGY: Final = Resource(
    "networktopology.diktyo.x-k8s.io",
    "v1alpha1",
    "NetworkTopology",
    "networktopologies",
    namespaced=True,
)
NODE_NETWORK: Final = Resource(
    "netcore.dev", "v1alpha1", "NodeNetwork", "nodenetworks", namespaced=False
)


def custom_resource_definitions() -> dict[str, str]:
    """Definitions that netcore needs in a cluster: file name → YAML."""
    folder = files("netcore") / "crds"
    return {
        entry.name: entry.read_text("utf-8")
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".yaml")
    }
