"""Service."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind, name_and_namespace
from netcore_cluster.kinds.names import dns_1035_label
from netcore_cluster.kinds.table import NONE, created, labels_text
from netcore_cluster.schema.errors import FieldError, duplicate, invalid, required, unsupported

JsonObject = dict[str, Any]

_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_PROTOCOLS = ("SCTP", "TCP", "UDP")


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
        if port.get("targetPort") in {None, "", 0} and "port" in port:
            port["targetPort"] = port["port"]
    if spec["type"] in {"NodePort", "LoadBalancer"}:
        spec.setdefault("externalTrafficPolicy", "Cluster")
    if spec["type"] == "LoadBalancer":
        spec.setdefault("allocateLoadBalancerNodePorts", True)
    if spec["type"] != "ExternalName":
        spec.setdefault("internalTrafficPolicy", "Cluster")


def _create(obj: JsonObject) -> None:
    obj["status"] = {"loadBalancer": {}}


def _check(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    spec = obj["spec"]
    errors: list[FieldError] = []
    if spec["type"] not in _TYPES:
        errors.append(unsupported("spec.type", spec["type"], _TYPES))
    if spec["type"] == "ExternalName" and not spec.get("externalName"):
        errors.append(required("spec.externalName"))
    ports = spec.get("ports") or []
    is_headless = spec.get("clusterIP") == "None"
    if not ports and not is_headless and spec["type"] != "ExternalName":
        errors.append(required("spec.ports"))
    errors += _ports_errors(ports)
    if old is not None:
        errors += _address_errors(spec, old["spec"])
    return errors


def _ports_errors(ports: list[JsonObject]) -> list[FieldError]:
    errors: list[FieldError] = []
    names: set[str] = set()
    seen: set[tuple[Any, Any]] = set()
    for index, port in enumerate(ports):
        path = f"spec.ports[{index}]"
        name = port.get("name", "")
        if not name and len(ports) > 1:
            errors.append(required(f"{path}.name"))
        if name and name in names:
            errors.append(duplicate(f"{path}.name", name))
        names.add(name)
        number = port.get("port", 0)
        if not 1 <= number <= 65535:
            detail = "must be between 1 and 65535, inclusive"
            errors.append(invalid(f"{path}.port", number, detail))
        if port["protocol"] not in _PROTOCOLS:
            errors.append(unsupported(f"{path}.protocol", port["protocol"], _PROTOCOLS))
        if (port["protocol"], number) in seen:
            errors.append(duplicate(path, {"protocol": port["protocol"], "port": number}))
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
    check=_check,
    selectable=_fields,
)
