"""Roles and their bindings: data here, since the embedded server trusts its one user."""

from netcore_cluster.kinds.kind import Kind

_RBAC = "rbac.authorization.k8s.io"

ROLE = Kind(group=_RBAC, version="v1", kind="Role", plural="roles")
ROLE_BINDING = Kind(group=_RBAC, version="v1", kind="RoleBinding", plural="rolebindings")
CLUSTER_ROLE = Kind(
    group=_RBAC,
    version="v1",
    kind="ClusterRole",
    plural="clusterroles",
    namespaced=False,
)
CLUSTER_ROLE_BINDING = Kind(
    group=_RBAC,
    version="v1",
    kind="ClusterRoleBinding",
    plural="clusterrolebindings",
    namespaced=False,
)
