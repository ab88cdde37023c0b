"""Service."""

import ipaddress
from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind, name_and_namespace
from netcore_cluster.kinds.metadata import label_errors
from netcore_cluster.kinds.names import dns_1035_label, dns_label, dns_subdomain, qualified_name
from netcore_cluster.kinds.pod.probes import port_errors
from netcore_cluster.kinds.rules import (
    address_errors,
    capitalised,
    choice_errors,
    name_errors,
    network_errors,
)
from netcore_cluster.kinds.table import NONE, created, labels_text
from netcore_cluster.schema.errors import (
    FieldError,
    duplicate,
    forbidden,
    invalid,
    required,
    unsupported,
)

JsonObject = dict[str, Any]

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS = ("SCTP", "TCP", "UDP")
_GIVEN = ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy")
_FAMILIES = ("IPv4", "IPv6")
_FAMILY_POLICIES = ("PreferDualStack", "RequireDualStack", "SingleStack")
_LONGEST_AFFINITY_S = 86400


def _defaults(obj: JsonObject) -> None:
    """Source: `SetDefaults_Service` of Kubernetes' core/v1."""
    spec = obj.setdefault("spec", {})
    spec.setdefault("sessionAffinity", "None")
    if spec["sessionAffinity"] == "ClientIP":
        config = spec.setdefault("sessionAffinityConfig", {})
        config.setdefault("clientIP", {}).setdefault("timeoutSeconds", 10800)
    spec.setdefault("type", "ClusterIP")
    for port in spec.get("ports") or ():
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in {None, "", 0}:
            port["targetPort"] = port.get("port", 0)
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")


def _create(obj: JsonObject) -> None:
    obj["status"] = {"loadBalancer": {}}


def _update(new: JsonObject, old: JsonObject) -> None:
    """Let what the server gave go with the type that it was for, and both addresses agree."""
    spec, before = new["spec"], old["spec"]
    if spec["type"] == "ExternalName" != before.get("type"):
        for key in _GIVEN:
            if spec.get(key) == before.get(key):
                spec.pop(key, None)
        return
    address = spec.get("clusterIP")
    if (
        address
        and address != before.get("clusterIP")
        and spec.get("clusterIPs") == before.get("clusterIPs")
    ):
        spec["clusterIPs"] = [address]


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    kind = spec["type"]
    ports = spec.get("ports") or []
    is_headless = spec.get("clusterIP") == "None"
    errors: list[FieldError] = []
    if not ports and not is_headless and kind != "ExternalName":
        errors.append(required("spec.ports"))
    errors += _kind_errors(spec, kind)
    errors += _ports_errors(ports, kind)
    errors += label_errors(spec.get("selector"), "spec.selector")
    errors += _affinity_errors(spec)
    errors += _reach_errors(spec, kind)
    if kind != "ExternalName":
        errors += choice_errors(spec, "internalTrafficPolicy", ("Cluster", "Local"), "spec")
        errors += choice_errors(spec, "ipFamilyPolicy", _FAMILY_POLICIES, "spec")
        errors += [
            unsupported(f"spec.ipFamilies[{index}]", family, _FAMILIES)
            for index, family in enumerate(spec.get("ipFamilies") or ())
            if family not in _FAMILIES
        ]
    if kind not in _TYPES:
        errors.append(unsupported("spec.type", kind, _TYPES))
    if old is not None:
        errors += _address_errors(spec, old["spec"])
    balancer = (obj.get("status") or {}).get("loadBalancer") or {}
    if balancer.get("ingress") and kind != "LoadBalancer":
        text = "may only be used when `spec.type` is 'LoadBalancer'"
        errors.append(forbidden("status.loadBalancer.ingress", text))
    return errors


def _kind_errors(spec: JsonObject, kind: str) -> list[FieldError]:
    """What a service of its type must have, or must not."""
    addresses = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    if kind == "ExternalName":
        errors = []
        if addresses:
            text = "may not be set for ExternalName services"
            errors.append(forbidden("spec.clusterIPs", text))
        name = spec.get("externalName", "").removesuffix(".")
        if not name:
            errors.append(required("spec.externalName"))
        return errors + name_errors(name, dns_subdomain, "spec.externalName")
    if addresses[:1] == ["None"]:
        if kind in {"NodePort", "LoadBalancer"}:
            text = f"may not be set to 'None' for {kind} services"
            return [invalid("spec.clusterIPs[0]", "None", text)]
        return []
    return [
        error
        for index, address in enumerate(addresses)
        for error in address_errors(address, f"spec.clusterIPs[{index}]")
    ]


def _affinity_errors(spec: JsonObject) -> list[FieldError]:
    errors = choice_errors(spec, "sessionAffinity", ("ClientIP", "None"), "spec")
    config = spec.get("sessionAffinityConfig")
    if spec["sessionAffinity"] != "ClientIP":
        if config is not None:
            text = "must not be set when session affinity is None"
            errors.append(forbidden("spec.sessionAffinityConfig", text))
        return errors
    seconds = ((config or {}).get("clientIP") or {}).get("timeoutSeconds")
    if seconds is not None and not 0 < seconds <= _LONGEST_AFFINITY_S:
        text = f"must be greater than 0 and less than {_LONGEST_AFFINITY_S}"
        path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds"
        errors.append(invalid(path, seconds, text))
    return errors


def _reach_errors(spec: JsonObject, kind: str) -> list[FieldError]:
    """What a service that is reached from outside must have, or must not."""
    errors: list[FieldError] = []
    for index, address in enumerate(spec.get("externalIPs") or ()):
        where = f"spec.externalIPs[{index}]"
        wrong = address_errors(address, where)
        errors += wrong
        if not wrong and ipaddress.ip_address(address).is_loopback:
            text = "may not be in the loopback range (127.0.0.0/8, ::1/128)"
            errors.append(invalid(where, address, text))
    ranges = spec.get("loadBalancerSourceRanges")
    if ranges:
        where = "spec.LoadBalancerSourceRanges"
        if kind != "LoadBalancer":
            text = "may only be used when `type` is 'LoadBalancer'"
            errors.append(forbidden(where, text))
        for index, network in enumerate(ranges):
            errors += network_errors(network.strip(), f"{where}[{index}]")
    policy = spec.get("externalTrafficPolicy")
    is_external = kind in {"NodePort", "LoadBalancer"} or (
        kind == "ClusterIP" and bool(spec.get("externalIPs"))
    )
    if policy and not is_external:
        text = "may only be set for externally-accessible services"
        errors.append(invalid("spec.externalTrafficPolicy", policy, text))
    elif is_external:
        errors += choice_errors(spec, "externalTrafficPolicy", ("Cluster", "Local"), "spec")
    return errors


def _ports_errors(ports: list[JsonObject], kind: str) -> list[FieldError]:
    errors: list[FieldError] = []
    names: set[str] = set()
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        path = f"spec.ports[{index}]"
        name = port.get("name", "")
        if not name and len(ports) > 1:
            errors.append(required(f"{path}.name"))
        errors += name_errors(name, dns_label, f"{path}.name")
        if name and name in names:
            errors.append(duplicate(f"{path}.name", name))
        names.add(name)
        number, target = port.get("port", 0), port.get("targetPort")
        errors += port_errors(number, f"{path}.port")
        if port["protocol"] not in _PROTOCOLS:
            errors.append(unsupported(f"{path}.protocol", port["protocol"], _PROTOCOLS))
        if target is not None:
            errors += port_errors(target, f"{path}.targetPort")
        errors += name_errors(port.get("appProtocol"), qualified_name, f"{path}.appProtocol")
        if port.get("nodePort") and kind == "ClusterIP":
            text = "may not be used when `type` is 'ClusterIP'"
            errors.append(forbidden(f"{path}.nodePort", text))
        if (port["protocol"], number) in seen:
            shown = ("name", "protocol", "appProtocol", "port", "targetPort", "nodePort")
            key = {"name": "", "port": number, "targetPort": 0, "nodePort": 0}
            key["protocol"] = port["protocol"]
            errors.append(duplicate(path, capitalised(key, shown)))
        seen.add((port["protocol"], number))
    return errors


def _address_errors(spec: JsonObject, before: JsonObject) -> list[FieldError]:
    if "ExternalName" in {spec["type"], before.get("type")} or not before.get("clusterIP"):
        return []
    now = spec.get("clusterIPs") or ([spec["clusterIP"]] if spec.get("clusterIP") else [])
    if now and now[0] != before["clusterIP"]:
        return [invalid("spec.clusterIPs[0]", now, "may not change once set")]
    return []


def _fields(obj: JsonObject) -> dict[str, str]:
    spec = obj["spec"]
    return {
        **name_and_namespace(obj),
        "spec.clusterIP": spec.get("clusterIP", ""),
        "spec.type": spec.get("type", ""),
    }


def _cells(obj: JsonObject, now: datetime) -> list[Any]:
    spec = obj["spec"]
    return [
        obj["metadata"]["name"],
        spec["type"],
        spec.get("clusterIP") or NONE,
        _external(obj),
        ",".join(_port_text(port) for port in spec.get("ports") or ()) or NONE,
        created(obj, now),
        labels_text(spec.get("selector")),
    ]


def _external(obj: JsonObject) -> str:
    spec = obj["spec"]
    external: list[str] = list(spec.get("externalIPs") or ())
    if spec["type"] == "ExternalName":
        return str(spec.get("externalName", ""))
    if spec["type"] == "LoadBalancer":
        balancer = (obj.get("status") or {}).get("loadBalancer") or {}
        given = [
            entry.get("ip") or entry.get("hostname") for entry in balancer.get("ingress") or ()
        ]
        return ",".join([*filter(None, given), *external]) or "<pending>"
    return ",".join(external) or NONE


def _port_text(port: JsonObject) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port['port']}{node}/{port['protocol']}"


SERVICE = Kind(
    group="",
    version="v1",
    kind="Service",
    plural="services",
    short_names=("svc",),
    categories=("all",),
    subresources=("status",),
    name_rule=dns_1035_label,
    columns=(
        NAME,
        Column("Type", description="How it is reached."),
        Column("Cluster-IP", description="Address in the cluster."),
        Column("External-IP", description="Address from outside."),
        Column("Port(s)", description="Ports and protocols."),
        AGE,
        Column("Selector", description="Labels of its pods.", priority=1),
    ),
    cells=_cells,
    defaults=_defaults,
    on_create=_create,
    on_update=_update,
    check=_check,
    selectable=_fields,
)
