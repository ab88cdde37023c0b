"""CustomResourceDefinition: how users add kinds of their own.

The API server itself accepts the names and sets the conditions, since that depends on the other
definitions; here is what can be said of one definition alone.
"""

import re
from typing import Any

from netcore_cluster.kinds.kind import Column, JsonObject, Kind
from netcore_cluster.kinds.metadata import IMMUTABLE
from netcore_cluster.kinds.names import dns_1035_label, dns_subdomain
from netcore_cluster.schema.errors import FieldError, forbidden, invalid, required, unsupported
from netcore_cluster.schema.jsonpath import JsonPath
from netcore_cluster.schema.structural import has_rules, structural_errors

_COLUMN_TYPES = ("boolean", "date", "integer", "number", "string")
_COLUMN_FORMATS = (
    "byte",
    "date",
    "date-time",
    "double",
    "float",
    "int32",
    "int64",
    "password",
)
_API_APPROVED = "api-approved.kubernetes.io"


def _defaults(obj: JsonObject) -> None:
    spec = obj.get("spec", {})
    names = spec.setdefault("names", {})
    kind = names.get("kind", "")
    if not names.get("singular") and kind:
        names["singular"] = kind.lower()
    if not names.get("listKind") and kind:
        names["listKind"] = f"{kind}List"
    spec.setdefault("conversion", {"strategy": "None"})


def _store_version(obj: JsonObject) -> None:
    """Remember the version in which objects are stored from now on."""
    stored = obj.setdefault("status", {}).setdefault("storedVersions", [])
    for version in obj["spec"].get("versions", ()):
        if version.get("storage") and version["name"] not in stored:
            obj["status"]["storedVersions"] = [*stored, version["name"]]
            return


def _on_update(new: JsonObject, old: JsonObject) -> None:
    del old
    new["status"] = dict(new.get("status", {}))
    _store_version(new)


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    names = spec.get("names", {})
    errors = []
    wanted = f"{names.get('plural', '')}.{spec.get('group', '')}"
    if obj["metadata"]["name"] != wanted:
        text = 'must be spec.names.plural+"."+spec.group'
        errors.append(invalid("metadata.name", obj["metadata"]["name"], text))
    errors += _group_errors(obj, spec.get("group", ""))
    scope = spec.get("scope", "")
    if not scope:
        errors.append(required("spec.scope"))
    elif scope not in {"Cluster", "Namespaced"}:
        errors.append(unsupported("spec.scope", scope, ("Cluster", "Namespaced")))
    errors += _version_errors(spec)
    errors += _name_errors(names)
    errors += _conversion_errors(spec.get("conversion", {}))
    if spec.get("preserveUnknownFields") and (
        old is None or not old["spec"].get("preserveUnknownFields")
    ):
        errors.append(
            invalid(
                "spec.preserveUnknownFields",
                True,
                "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in "
                "spec.versions[*].schema instead",
            )
        )
    if old is not None:
        errors += _change_errors(spec, old)
    return errors + _stored_version_errors(obj)


def _group_errors(obj: JsonObject, group: str) -> list[FieldError]:
    if not group:
        return [required("spec.group")]
    found = dns_subdomain(group)
    if found:
        return [invalid("spec.group", group, ",".join(found))]
    if "." not in group:
        return [invalid("spec.group", group, "should be a domain with at least one dot")]
    guarded = group == "k8s.io" or group.endswith((".k8s.io", ".kubernetes.io"))
    if guarded and _API_APPROVED not in obj["metadata"].get("annotations", {}):
        return [
            required(
                f"metadata.annotations[{_API_APPROVED}]",
                'protected groups must have approval annotation "api-approved.kubernetes.io", '
                "see https://github.com/kubernetes/enhancements/pull/1111",
            )
        ]
    return []


def _version_errors(spec: JsonObject) -> list[FieldError]:
    versions = spec.get("versions") or []
    path = "spec.versions"
    errors: list[FieldError] = []
    names = [version.get("name", "") for version in versions]
    for index, name in enumerate(names):
        found = dns_1035_label(name)
        if found:
            errors.append(invalid(f"{path}[{index}].name", name, ",".join(found)))
            if index == 0:
                errors.append(invalid("spec.version", name, ",".join(found)))
    for version, where in _each(versions, "schema", "spec.validation"):
        errors += _schema_errors(version, where)
    for version, where in _each(versions, "subresources", "spec.subresources"):
        errors += _subresource_errors(version.get("subresources", {}), where)
    columns = "additionalPrinterColumns"
    for version, where in _each(versions, columns, f"spec.{columns}"):
        for place, column in enumerate(version.get(columns, ())):
            errors += _column_errors(column, f"{where}[{place}]")
    if len(set(names)) < len(names):
        errors.append(invalid(path, versions, "must contain unique version names"))
    if sum(bool(version.get("storage")) for version in versions) != 1:
        text = "must have exactly one version marked as storage version"
        errors.append(invalid(path, versions, text))
    return errors


def _each(versions: list[JsonObject], key: str, common: str) -> list[tuple[JsonObject, str]]:
    """Return the versions whose `key` is to be checked, and the path that errors give it.

    What all versions have in common is told once, at the place where the API had it before there
    were several versions.
    """
    first = versions[0].get(key) if versions else None
    if first is not None and all(version.get(key) == first for version in versions):
        return [(versions[0], common)]
    return [(version, f"spec.versions[{index}].{key}") for index, version in enumerate(versions)]


def _schema_errors(version: JsonObject, path: str) -> list[FieldError]:
    schema = version.get("schema", {}).get("openAPIV3Schema")
    where = f"{path}.openAPIV3Schema"
    if schema is None:
        return [required(where)]
    errors = structural_errors(schema, where)
    if schema.get("nullable"):
        errors.append(forbidden(f"{where}.nullable", "nullable cannot be true at the root"))
    return errors


def _subresource_errors(subresources: JsonObject, path: str) -> list[FieldError]:
    scale = subresources.get("scale")
    if scale is None:
        return []
    errors = []
    for key, root in (("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")):
        value = scale.get(key, "")
        where = f"{path}.scale.{key}"
        if not value:
            errors.append(required(where))
        else:
            text = f"should be a json path under {root[:-1]}"
            errors += _path_errors(value, where) or (
                [] if value.startswith(root) else [invalid(where, value, text)]
            )
    selector = scale.get("labelSelectorPath")
    if selector:
        where = f"{path}.scale.labelSelectorPath"
        text = "should be a json path under either .spec or .status"
        is_known = selector.startswith((".spec.", ".status."))
        errors += _path_errors(selector, where) or (
            [] if is_known else [invalid(where, selector, text)]
        )
    return errors


def _path_errors(value: str, path: str) -> list[FieldError]:
    if not value.startswith("."):
        return [invalid(path, value, "must be a simple json path starting with .")]
    if not re.fullmatch(r"(\.[A-Za-z0-9_-]+)+", value):
        return [invalid(path, value, "must be a json path in the dot notation")]
    return []


def _column_errors(column: JsonObject, path: str) -> list[FieldError]:
    errors = []
    if not column.get("name"):
        errors.append(required(f"{path}.name"))
    kind = column.get("type", "")
    text = f"must be one of {','.join(_COLUMN_TYPES)}"
    if not kind:
        errors.append(required(f"{path}.type", text))
    elif kind not in _COLUMN_TYPES:
        errors.append(invalid(f"{path}.type", kind, text))
    if column.get("format", "byte") not in _COLUMN_FORMATS:
        text = f"must be one of {','.join(_COLUMN_FORMATS)}"
        errors.append(invalid(f"{path}.format", column["format"], text))
    if not column.get("jsonPath"):
        errors.append(required(f"{path}.JSONPath"))
    else:
        errors += _column_path_errors(column["jsonPath"], f"{path}.JSONPath")
    return errors


def _column_path_errors(value: str, path: str) -> list[FieldError]:
    if not value.startswith("."):
        return [invalid(path, value, "must be a simple json path starting with .")]
    try:
        JsonPath(value)
    except ValueError as error:
        return [invalid(path, value, str(error))]
    return []


def _name_errors(names: JsonObject) -> list[FieldError]:
    errors = []
    for key in ("plural", "singular", "kind", "listKind"):
        value = names.get(key, "")
        where = f"spec.names.{key}"
        found = dns_1035_label(value.lower() if key in {"kind", "listKind"} else value)
        if not value:
            errors.append(required(where))
        elif found:
            prefix = "may have mixed case, but should otherwise match: "
            text = (prefix if "ind" in key else "") + ",".join(found)
            errors.append(invalid(where, value, text))
    for key in ("shortNames", "categories"):
        for index, value in enumerate(names.get(key, ())):
            found = dns_1035_label(value)
            if found:
                errors.append(invalid(f"spec.names.{key}[{index}]", value, ",".join(found)))
    if names.get("kind") and names["kind"] == names.get("listKind"):
        text = "kind and listKind may not be the same"
        errors.append(invalid("spec.names.listKind", names["listKind"], text))
    return errors


def _conversion_errors(conversion: JsonObject) -> list[FieldError]:
    strategy = conversion.get("strategy", "")
    if strategy not in {"None", "Webhook"}:
        return [unsupported("spec.conversion.strategy", strategy, ("None", "Webhook"))]
    if strategy == "Webhook":
        text = "this server converts between versions without webhooks only: use strategy None"
        return [forbidden("spec.conversion.strategy", text)]
    return []


def _change_errors(spec: JsonObject, old: JsonObject) -> list[FieldError]:
    """What may not change once objects may exist."""
    before = old["spec"]
    established = any(
        condition["type"] == "Established" and condition["status"] == "True"
        for condition in old.get("status", {}).get("conditions") or ()
    )
    changed: list[tuple[str, Any, Any]] = [
        ("spec.group", spec.get("group"), before.get("group")),
        ("spec.names.plural", spec["names"].get("plural"), before["names"].get("plural")),
    ]
    if established:
        changed += [
            ("spec.scope", spec.get("scope"), before.get("scope")),
            ("spec.names.kind", spec["names"].get("kind"), before["names"].get("kind")),
        ]
    return [invalid(path, new, IMMUTABLE) for path, new, known in changed if new != known]


def _stored_version_errors(obj: JsonObject) -> list[FieldError]:
    stored = obj.get("status", {}).get("storedVersions") or []
    names = {version.get("name") for version in obj["spec"].get("versions") or ()}
    if not stored:
        text = "must have at least one stored version"
        return [invalid("status.storedVersions", None, text)]
    return [
        invalid(
            f"status.storedVersions[{index}]",
            name,
            f"missing from spec.versions; {name} was previously a storage version, and must remain "
            "in spec.versions until a storage migration ensures no data remains persisted in "
            f"{name} and removes {name} from status.storedVersions",
        )
        for index, name in enumerate(stored)
        if name not in names
    ]


def _warnings(obj: JsonObject, old: JsonObject | None) -> list[str]:
    del old
    return [
        f"spec.versions[{index}].schema.openAPIV3Schema: x-kubernetes-validations are not "
        "evaluated by this server"
        for index, version in enumerate(obj["spec"].get("versions") or ())
        if has_rules(version.get("schema"))
    ]


CUSTOM_RESOURCE_DEFINITION = Kind(
    group="apiextensions.k8s.io",
    version="v1",
    kind="CustomResourceDefinition",
    plural="customresourcedefinitions",
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    namespaced=False,
    subresources=("status",),
    has_generation=True,
    columns=(
        Column("Name", format="name", description="Name of the object."),
        Column("Created At", type="date", description="When the definition was created."),
    ),
    defaults=_defaults,
    on_create=_store_version,
    on_update=_on_update,
    check=_check,
    warnings=_warnings,
)
