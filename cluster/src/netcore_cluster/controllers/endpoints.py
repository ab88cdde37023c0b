"""Endpoints and EndpointSlices: which addresses stand behind a Service.

A Service with a selector has one Endpoints object, and slices of at most a hundred endpoints. Their
names follow from the Service, so that a second attempt finds what the first one made; the Service
owns them, so that they go with it.

Source: kubernetes ``pkg/controller/endpoint``, ``pkg/controller/endpointslice``; KEP-752.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.actions import Action, Create, Delete, Update
from netcore_cluster.controllers.cache import Change
from netcore_cluster.controllers.controller import Controller, Interest
from netcore_cluster.controllers.hub import Hub
from netcore_cluster.controllers.objects import (
    Key,
    controller_reference,
    is_deleting,
    key_of,
    labels_of,
    uid_of,
)
from netcore_cluster.controllers.pods import is_ready, is_terminal
from netcore_cluster.kinds.selectors import matches_label_selector

_SLICES: Final = "endpointslices.discovery.k8s.io"
_HEADLESS: Final = "service.kubernetes.io/headless"
_ZONE: Final = "topology.kubernetes.io/zone"
_MOST_IN_SLICE: Final = 100
_MOST_IN_ENDPOINTS: Final = 1000

Ports = list[Object]


@dataclass(frozen=True, slots=True)
class ObservedService:
    """A Service, the pods that it selects, and what stands for them.

    Attributes:
        pods: Those with an address whose containers have not ended.
        zones: The zone of each node that has one.
        slices: The slices made for this Service.
    """

    service: Object
    pods: Sequence[Object]
    zones: Mapping[str, str]
    endpoints: Object | None
    slices: Sequence[Object]


def reconcile(observed: ObservedService) -> list[Action]:
    """Write the Endpoints and the slices as the pods are now."""
    groups = _by_ports(observed)
    return [*_write_endpoints(observed, groups), *_write_slices(observed, groups)]


def _by_ports(observed: ObservedService) -> list[tuple[Ports, list[Object]]]:
    """The pods in order of name, those that serve the same ports together."""
    groups: dict[str, tuple[Ports, list[Object]]] = {}
    for pod in sorted(observed.pods, key=key_of):
        ports = _ports(observed.service, pod)
        groups.setdefault(repr(ports), (ports, []))[1].append(pod)
    return list(groups.values())


def _write_endpoints(
    observed: ObservedService, groups: Sequence[tuple[Ports, Sequence[Object]]]
) -> list[Action]:
    service, old = observed.service, observed.endpoints
    subsets: list[Object] = []
    room = _MOST_IN_ENDPOINTS
    for ports, pods in groups:
        subset: Object = {}
        for pod in (pod for pod in pods if _is_published(service, pod)):
            is_serving = is_ready(pod) or _publishes_not_ready(service)
            if room > 0:
                name = "addresses" if is_serving else "notReadyAddresses"
                subset.setdefault(name, []).append(_address(pod))
            room -= 1
        if subset:
            subsets.append({**subset, "ports": ports} if ports else subset)
    labels = {
        **labels_of(service),
        "endpoints.kubernetes.io/managed-by": "endpoint-controller",
        **_headless_label(service),
    }
    metadata = {**_metadata(service, service["metadata"]["name"]), "labels": labels}
    if room < 0:
        metadata["annotations"] = {"endpoints.kubernetes.io/over-capacity": "truncated"}
    new: Object = {"apiVersion": "v1", "kind": "Endpoints", "metadata": metadata}
    if subsets:
        new["subsets"] = subsets
    if old is None:
        return [Create("endpoints", new)]
    if (old.get("subsets") or []) == subsets and labels_of(old) == labels:
        return []
    metadata["resourceVersion"] = old["metadata"]["resourceVersion"]
    return [Update("endpoints", new)]


def _write_slices(
    observed: ObservedService, groups: Sequence[tuple[Ports, Sequence[Object]]]
) -> list[Action]:
    old = {each["metadata"]["name"]: each for each in observed.slices}
    actions: list[Action] = []
    # A Service that nothing stands behind keeps one empty slice, which says that it was seen.
    parts = [
        (ports, pods[start : start + _MOST_IN_SLICE])
        for ports, pods in groups
        for start in range(0, len(pods), _MOST_IN_SLICE)
    ] or [([], [])]
    for number, (ports, pods) in enumerate(parts):
        new = _slice(observed, number, ports, pods)
        known = old.pop(new["metadata"]["name"], None)
        if known is None:
            actions.append(Create(_SLICES, new))
        elif _differs(known, new):
            new["metadata"]["resourceVersion"] = known["metadata"]["resourceVersion"]
            actions.append(Update(_SLICES, new))
    return actions + [Delete(_SLICES, *key_of(each), uid_of(each)) for each in old.values()]


def _slice(observed: ObservedService, number: int, ports: Ports, pods: Sequence[Object]) -> Object:
    service = observed.service
    name = f"{service['metadata']['name']}-{uid_of(service)[:5]}-{number}"
    labels = {
        **labels_of(service),
        "kubernetes.io/service-name": service["metadata"]["name"],
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
        **_headless_label(service),
    }
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**_metadata(service, name), "labels": labels},
        "addressType": (service["spec"].get("ipFamilies") or ["IPv4"])[0],
        "endpoints": [_endpoint(service, pod, observed.zones) for pod in pods],
        "ports": [{"name": "", **port} for port in ports],
    }


def _differs(old: Object, new: Object) -> bool:
    return labels_of(old) != labels_of(new) or any(
        (old.get(part) or []) != new[part] for part in ("endpoints", "ports")
    )


def _metadata(service: Object, name: str) -> Object:
    owner = controller_reference(service, api_version="v1", kind="Service")
    return {"name": name, "namespace": key_of(service).namespace, "ownerReferences": [owner]}


def _endpoint(service: Object, pod: Object, zones: Mapping[str, str]) -> Object:
    node = pod["spec"].get("nodeName", "")
    serving = is_ready(pod)
    terminating = is_deleting(pod)
    ready = _publishes_not_ready(service) or (serving and not terminating)
    endpoint: Object = {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
        "targetRef": _target(pod),
        "nodeName": node,
    }
    if pod["spec"].get("hostname") and pod["spec"].get("subdomain") == key_of(service).name:
        endpoint["hostname"] = pod["spec"]["hostname"]
    if node in zones:
        endpoint["zone"] = zones[node]
    return endpoint


def _address(pod: Object) -> Object:
    return {
        "ip": pod["status"]["podIP"],
        "nodeName": pod["spec"].get("nodeName", ""),
        "targetRef": _target(pod),
    }


def _target(pod: Object) -> Object:
    key = key_of(pod)
    return {"kind": "Pod", "namespace": key.namespace, "name": key.name, "uid": uid_of(pod)}


def _ports(service: Object, pod: Object) -> Ports:
    """The Service's ports as this pod serves them; a named port that it lacks is left out."""
    found = []
    for port in service["spec"].get("ports") or ():
        protocol = port.get("protocol", "TCP")
        number = _number(port.get("targetPort") or port["port"], protocol, pod)
        if number is not None:
            optional = {k: port[k] for k in ("name", "appProtocol") if port.get(k)}
            found.append({**optional, "port": number, "protocol": protocol})
    return found


def _number(target: int | str, protocol: str, pod: Object) -> int | None:
    if isinstance(target, int):
        return target
    for container in pod["spec"]["containers"]:
        for port in container.get("ports") or ():
            if port.get("name") == target and port.get("protocol", "TCP") == protocol:
                number: int = port["containerPort"]
                return number
    return None


def _is_published(service: Object, pod: Object) -> bool:
    return not is_deleting(pod) or _publishes_not_ready(service)


def _publishes_not_ready(service: Object) -> bool:
    return bool(service["spec"].get("publishNotReadyAddresses"))


def _headless_label(service: Object) -> Mapping[str, str]:
    return {_HEADLESS: ""} if service["spec"].get("clusterIP") == "None" else {}


def _selects(service: Object, pod: Object) -> bool:
    selector = service["spec"].get("selector")
    return bool(selector) and matches_label_selector({"matchLabels": selector}, labels_of(pod))


def _face(pod: Object | None) -> tuple[object, ...]:
    """What of a pod shows in its endpoint."""
    if pod is None:
        return ()
    address = (pod.get("status") or {}).get("podIP")
    return address, is_ready(pod), is_deleting(pod), is_terminal(pod), labels_of(pod)


class EndpointsController(Controller[Key, ObservedService]):
    """Watches Services, and the pods behind them for what shows."""

    name: ClassVar = "endpoint-controller"
    # Every change rewrites the whole object: many pods that start at once are one change.
    rest_s: ClassVar = 0.2

    def __init__(self, hub: Hub) -> None:
        self._services = hub.cache("services")
        self._pods = hub.cache("pods")
        self._nodes = hub.cache("nodes")
        self._endpoints = hub.cache("endpoints")
        self._slices = hub.cache(_SLICES)

    def interests(self) -> Mapping[str, Interest[Key]]:
        """Services, pods by labels, and what was made for a Service."""
        return {
            "services": lambda change: (key_of(change.newest),),
            "pods": self._on_pod,
            "endpoints": self._on_endpoints,
            _SLICES: self._on_slice,
        }

    def _on_pod(self, change: Change) -> Iterable[Key]:
        services = self._services.find("namespace", key_of(change.newest).namespace)
        if not services or _face(change.old) == _face(change.new):
            return ()
        versions = [each for each in (change.old, change.new) if each is not None]
        return [
            key_of(service)
            for service in services
            if any(_selects(service, pod) for pod in versions)
        ]

    def _on_endpoints(self, change: Change) -> Iterable[Key]:
        return (key_of(change.newest),)

    def _on_slice(self, change: Change) -> Iterable[Key]:
        name = labels_of(change.newest).get("kubernetes.io/service-name")
        return (Key(key_of(change.newest).namespace, name),) if name else ()

    async def observe(self, key: Key) -> ObservedService | None:
        """The Service with its pods; None where it has no selector, or is going."""
        service = self._services.get(key)
        if service is None or is_deleting(service) or not service["spec"].get("selector"):
            return None
        pods = [
            pod
            for pod in self._pods.find("namespace", key.namespace)
            if _selects(service, pod)
            and not is_terminal(pod)
            and (pod.get("status") or {}).get("podIP")
        ]
        return ObservedService(
            service,
            pods,
            {key_of(n).name: labels_of(n)[_ZONE] for n in self._nodes if _ZONE in labels_of(n)},
            self._endpoints.get(key),
            self._slices.find("controller", uid_of(service)),
        )

    def reconcile(self, observed: ObservedService, now: float) -> list[Action]:  # noqa: ARG002
        """See `reconcile` of this module."""
        return reconcile(observed)
