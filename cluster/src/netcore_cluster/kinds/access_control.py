"""Roles and their bindings: data here, since the embedded server trusts its one user."""

from datetime import datetime
from functools import partial
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.names import dns_subdomain, path_segment
from netcore_cluster.kinds.rules import name_errors
from netcore_cluster.kinds.table import created
from netcore_cluster.schema.errors import FieldError, InOrder, invalid, required, unsupported

JsonObject = dict[str, Any]

_RBAC = "rbac.authorization.k8s.io"


def _default_binding(obj: JsonObject) -> None:
    """Source: `SetDefaults_*` of rbac.authorization.k8s.io/v1."""
    if isinstance(obj.get("roleRef"), dict):
        obj["roleRef"]["apiGroup"] = obj["roleRef"].get("apiGroup") or _RBAC
    for subject in obj.get("subjects") or ():
        if subject.get("kind") in {"User", "Group"}:
            subject.setdefault("apiGroup", _RBAC)


def _check_rules(rules: Any, path: str, *, namespaced: bool) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, rule in enumerate(rules or ()):
        where = f"{path}[{index}]"
        groups, resources = rule.get("apiGroups") or (), rule.get("resources") or ()
        if not rule.get("verbs"):
            errors.append(required(f"{where}.verbs", "verbs must contain at least one value"))
        if rule.get("nonResourceURLs"):
            if namespaced:
                text = "namespaced rules cannot apply to non-resource URLs"
                errors.append(invalid(f"{where}.nonResourceURLs", rule["nonResourceURLs"], text))
            if groups or resources or rule.get("resourceNames"):
                text = "rules cannot apply to both regular resources and non-resource URLs"
                errors.append(invalid(f"{where}.nonResourceURLs", rule["nonResourceURLs"], text))
            continue
        if not groups:
            text = "resource rules must supply at least one api group"
            errors.append(required(f"{where}.apiGroups", text))
        if not resources:
            text = "resource rules must supply at least one resource"
            errors.append(required(f"{where}.resources", text))
    return errors


def _check_role(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    return _check_rules(obj.get("rules"), "rules", namespaced=True)


def _check_cluster_role(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    return _check_rules(obj.get("rules"), "rules", namespaced=False)


def _check_binding(
    kinds: tuple[str, ...], obj: JsonObject, old: JsonObject | None
) -> list[FieldError]:
    reference = obj.get("roleRef") or {}
    errors: list[FieldError] = []
    if reference.get("apiGroup") != _RBAC:
        group = reference.get("apiGroup", "")
        errors.append(unsupported("roleRef.apiGroup", group, (_RBAC,)))
    if reference.get("kind") not in kinds:
        errors.append(unsupported("roleRef.kind", reference.get("kind", ""), kinds))
    name = reference.get("name", "")
    errors += [] if name else [required("roleRef.name")]
    errors += [invalid("roleRef.name", name, text) for text in path_segment(name)]
    for index, subject in enumerate(obj.get("subjects") or ()):
        errors += _subject_errors(subject, f"subjects[{index}]", namespaced="Role" in kinds)
    if old is not None and reference != old.get("roleRef"):
        names = {"APIGroup": "apiGroup", "Kind": "kind", "Name": "name"}
        value = InOrder((shown, reference.get(key, "")) for shown, key in names.items())
        errors.append(invalid("roleRef", value, "cannot change roleRef"))
    return errors


def _subject_errors(subject: JsonObject, path: str, *, namespaced: bool) -> list[FieldError]:
    kind, name, group = (subject.get(key, "") for key in ("kind", "name", "apiGroup"))
    errors = [] if name else [required(f"{path}.name")]
    if kind == "ServiceAccount":
        errors += name_errors(name, dns_subdomain, f"{path}.name")
        if group:
            errors.append(unsupported(f"{path}.apiGroup", group, ("",)))
        if not subject.get("namespace") and not namespaced:
            errors.append(required(f"{path}.namespace"))
    elif kind in {"User", "Group"}:
        if group != _RBAC:
            errors.append(unsupported(f"{path}.apiGroup", group, (_RBAC,)))
    else:
        known = ("ServiceAccount", "User", "Group")
        errors.append(unsupported(f"{path}.kind", kind, known))
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

ROLE = Kind(
    group=_RBAC,
    version="v1",
    kind="Role",
    plural="roles",
    name_rule=path_segment,
    check=_check_role,
)
ROLE_BINDING = Kind(
    group=_RBAC,
    version="v1",
    kind="RoleBinding",
    plural="rolebindings",
    name_rule=path_segment,
    columns=_BINDING_COLUMNS,
    cells=_binding_cells,
    defaults=_default_binding,
    check=partial(_check_binding, ("Role", "ClusterRole")),
)
CLUSTER_ROLE = Kind(
    group=_RBAC,
    version="v1",
    kind="ClusterRole",
    plural="clusterroles",
    namespaced=False,
    name_rule=path_segment,
    check=_check_cluster_role,
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
    check=partial(_check_binding, ("ClusterRole",)),
)
