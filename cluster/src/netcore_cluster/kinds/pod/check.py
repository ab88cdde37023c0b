"""What is wrong with the spec of a pod, or of a template of pods, in the words of Kubernetes.

Source: `ValidatePodSpec` of Kubernetes' core validation, without what only other runtimes than
Linux containers have.
"""

from typing import Any

from netcore_cluster.kinds.metadata import label_errors
from netcore_cluster.kinds.names import NameRule, dns_label, dns_subdomain, qualified_name
from netcore_cluster.kinds.names import dns_search as search_name
from netcore_cluster.kinds.pod.containers import Surroundings, containers_errors
from netcore_cluster.kinds.pod.placement import affinity_errors, spread_errors, toleration_errors
from netcore_cluster.kinds.pod.security import pod_security_errors
from netcore_cluster.kinds.pod.volumes import volumes_errors
from netcore_cluster.kinds.rules import address_errors
from netcore_cluster.schema.errors import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    required,
    unsupported,
)

JsonObject = dict[str, Any]

_CHOICES = {
    "restartPolicy": ("Always", "OnFailure", "Never"),
    "dnsPolicy": ("ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"),
    "preemptionPolicy": ("Never", "PreemptLowerPriority"),
}
_NAMES: dict[str, NameRule] = {
    "serviceAccountName": dns_subdomain,
    "nodeName": dns_subdomain,
    "hostname": dns_label,
    "subdomain": dns_label,
    "priorityClassName": dns_subdomain,
    "runtimeClassName": dns_subdomain,
}
_MOST_NAMESERVERS = 3
_MOST_SEARCHES = 32


def pod_spec_errors(spec: JsonObject, path: str) -> list[FieldError]:
    """Return what is wrong with a spec that stands at `path`."""
    errors: list[FieldError] = []
    usable: set[str] = set()
    if "volumes" in spec:
        found, usable = volumes_errors(spec["volumes"], f"{path}.volumes")
        errors += found
    claims = {claim.get("name", "") for claim in spec.get("resourceClaims") or ()}
    errors += containers_errors(spec, path, Surroundings(usable, claims))
    errors += [
        unsupported(f"{path}.{key}", spec[key], known)
        for key, known in _CHOICES.items()
        if key in spec and spec[key] not in known
    ]
    errors += label_errors(spec.get("nodeSelector"), f"{path}.nodeSelector")
    errors += pod_security_errors(spec, f"{path}.securityContext")
    if spec.get("affinity"):
        errors += affinity_errors(spec["affinity"], f"{path}.affinity")
    if "dnsConfig" in spec or spec.get("dnsPolicy") == "None":
        errors += _dns_errors(spec, f"{path}.dnsConfig")
    for index, gate in enumerate(spec.get("readinessGates") or ()):
        name = gate.get("conditionType", "")
        where = f"{path}.readinessGates[{index}].conditionType"
        errors += [invalid(where, name, text) for text in qualified_name(name)]
    errors += _gate_errors(spec, f"{path}.schedulingGates")
    if "topologySpreadConstraints" in spec:
        where = f"{path}.topologySpreadConstraints"
        errors += spread_errors(spec["topologySpreadConstraints"], where)
    for key, rule in _NAMES.items():
        if spec.get(key):
            errors += [invalid(f"{path}.{key}", spec[key], text) for text in rule(spec[key])]
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and not 1 <= deadline <= 2**31 - 1:
        text = "must be between 1 and 2147483647, inclusive"
        errors.append(invalid(f"{path}.activeDeadlineSeconds", deadline, text))
    for index, toleration in enumerate(spec.get("tolerations") or ()):
        errors += toleration_errors(toleration, f"{path}.tolerations[{index}]")
    if "hostAliases" in spec:
        errors += _alias_errors(spec["hostAliases"], f"{path}.hostAliases")
    system = (spec.get("os") or {}).get("name")
    if system is not None and system not in {"linux", "windows"}:
        errors.append(unsupported(f"{path}.os", system, ("linux", "windows")))
    return errors


def new_pod_errors(spec: JsonObject) -> list[FieldError]:
    """Return what only a new pod may not have."""
    errors = []
    if spec.get("ephemeralContainers"):
        errors.append(forbidden("spec.ephemeralContainers", "cannot be set on create"))
    if spec.get("nodeName") and spec.get("schedulingGates"):
        text = "cannot be set until all schedulingGates have been cleared"
        errors.append(forbidden("spec.nodeName", text))
    if spec.get("serviceAccountName"):
        return errors
    for index, volume in enumerate(spec.get("volumes") or ()):
        sources = (volume.get("projected") or {}).get("sources") or ()
        errors += [
            forbidden(
                f"spec.volumes[{index}].projected.sources[{place}].serviceAccountToken",
                "must not be specified when serviceAccountName is not set",
            )
            for place, source in enumerate(sources)
            if source.get("serviceAccountToken") is not None
        ]
    return errors


def _gate_errors(spec: JsonObject, path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    seen: set[str] = set()
    for index, gate in enumerate(spec.get("schedulingGates") or ()):
        name = gate.get("name", "")
        errors += [invalid(f"{path}[{index}]", name, text) for text in qualified_name(name)]
        if name in seen:
            errors.append(duplicate(f"{path}[{index}]", name))
        seen.add(name)
    return errors


def _dns_errors(spec: JsonObject, path: str) -> list[FieldError]:
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None":
        if config is None:
            return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")]
        if not config.get("nameservers"):
            text = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            return [required(f"{path}.nameservers", text)]
    config = config or {}
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    errors: list[FieldError] = []
    if len(servers) > _MOST_NAMESERVERS:
        text = f"must not have more than {_MOST_NAMESERVERS} nameservers"
        errors.append(invalid(f"{path}.nameservers", servers, text))
    for index, server in enumerate(servers):
        errors += address_errors(server, f"{path}.nameservers[{index}]")
    if len(searches) > _MOST_SEARCHES:
        text = f"must not have more than {_MOST_SEARCHES} search paths"
        errors.append(invalid(f"{path}.searches", searches, text))
    for index, search in enumerate(searches):
        name = search.removesuffix(".")
        if search != ".":
            where = f"{path}.searches[{index}]"
            errors += [invalid(where, name, text) for text in search_name(name)]
    errors += [
        required(f"{path}.options[{index}]", "must not be empty")
        for index, option in enumerate(config.get("options") or ())
        if not option.get("name")
    ]
    return errors


def _alias_errors(aliases: list[JsonObject], path: str) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, alias in enumerate(aliases):
        where = f"{path}[{index}]"
        errors += address_errors(alias.get("ip", ""), f"{where}.ip")
        for place, name in enumerate(alias.get("hostnames") or ()):
            at = f"{where}.hostnames[{place}]"
            errors += [invalid(at, name, text) for text in dns_subdomain(name)]
    return errors
