"""Roles and their bindings: data here, since the embedded server trusts its one user."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.names import path_segment
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, invalid, required

JsonObject = dict[str, Any]

_RBAC = "rbac.authorization.k8s.io"


def _default_binding(obj: JsonObject) -> None:
    """Source: `SetDefaults_*` of rbac.authorization.k8s.io/v1."""
    if isinstance(obj.get("roleRef"), dict):
        obj["roleRef"].setdefault("apiGroup", _RBAC)
    for subject in obj.get("subjects") or ():
        if subject.get("kind") in {"User", "Group"}:
            subject.setdefault("apiGroup", _RBAC)


def _check_binding(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    reference = obj.get("roleRef") or {}
    errors = [] if reference.get("name") else [required("roleRef.name")]
    if old is not None and reference != old.get("roleRef"):
        errors.append(invalid("roleRef", reference, "cannot change roleRef"))
    return errors


def _binding_cells(obj: JsonObject, now: datetime) -> list[Any]:
    reference = obj["roleRef"]
    subjects = obj.get("subjects") or ()

    def names(kind: str) -> str:
        return ", ".join(
            f"{subject['namespace']}/{subject['name']}"
            if kind == "ServiceAccount" and subject.get("namespace")
            else subject["name"]
            for subject in subjects
            if subject["kind"] == kind
        )

    return [
        obj["metadata"]["name"],
        f"{reference['kind']}/{reference['name']}",
        created(obj, now),
        names("User"),
        names("Group"),
        names("ServiceAccount"),
    ]


_BINDING_COLUMNS = (
    NAME,
    Column("Role", description="What is granted."),
    AGE,
    Column("Users", description="To which users.", priority=1),
    Column("Groups", description="To which groups.", priority=1),
    Column("ServiceAccounts", description="To which service accounts.", priority=1),
)

ROLE = Kind(group=_RBAC, version="v1", kind="Role", plural="roles", name_rule=path_segment)
ROLE_BINDING = Kind(
    group=_RBAC,
    version="v1",
    kind="RoleBinding",
    plural="rolebindings",
    name_rule=path_segment,
    columns=_BINDING_COLUMNS,
    cells=_binding_cells,
    defaults=_default_binding,
    check=_check_binding,
)
CLUSTER_ROLE = Kind(
    group=_RBAC,
    version="v1",
    kind="ClusterRole",
    plural="clusterroles",
    namespaced=False,
    name_rule=path_segment,
)
CLUSTER_ROLE_BINDING = Kind(
    group=_RBAC,
    version="v1",
    kind="ClusterRoleBinding",
    plural="clusterrolebindings",
    namespaced=False,
    name_rule=path_segment,
    columns=_BINDING_COLUMNS,
    cells=_binding_cells,
    defaults=_default_binding,
    check=_check_binding,
)
