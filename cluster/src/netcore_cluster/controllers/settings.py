"""What can be set of the controllers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ControllerSettings:
    """Times of the controllers, all in seconds; the defaults are kube-controller-manager's.

    Attributes:
        node_grace_s: How long a node may be silent before it counts as unreachable.
        node_startup_grace_s: The same for a node that has not posted its status yet.
        missing_node_quarantine_s: How long the pods of a deleted node are left alone.
        root_certificate: PEM that pods verify the API server by; empty where it has none.
    """

    node_grace_s: float = 40.0
    node_startup_grace_s: float = 60.0
    missing_node_quarantine_s: float = 40.0
    root_certificate: str = ""
