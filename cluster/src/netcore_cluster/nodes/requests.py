"""What a pod asks of its node: resources and host ports; pure.

Source: kubernetes ``staging/src/k8s.io/component-helpers/resource/helpers.go``, `PodRequests`.
"""

from collections.abc import Iterable, Mapping

from netcore_cluster.api.errors import Object
from netcore_cluster.schema.quantity import milli_value, whole_value


def amounts(quantities: Mapping[str, object] | None) -> dict[str, int]:
    """Resource → amount: thousandths of a processor, else units (bytes)."""
    return {
        name: milli_value(quantity) if name == "cpu" else whole_value(quantity)
        for name, quantity in (quantities or {}).items()
    }


def pod_requests(pod: Object) -> dict[str, int]:
    """What the pod needs at once, itself counted as one of `pods`.

    Containers run together; init containers one after another before them, beside the sidecars
    that started earlier.
    """
    spec = pod["spec"]
    running: dict[str, int] = {}
    peak: dict[str, int] = {}
    for container in spec.get("initContainers") or ():
        own = _requests(container)
        if container.get("restartPolicy") == "Always":
            _add(running, own)
            _raise_to(peak, running)
        else:
            _raise_to(peak, _sum(running, own))
    for container in spec["containers"]:
        _add(running, _requests(container))
    _raise_to(peak, running)
    _add(peak, amounts(spec.get("overhead")))
    return {**peak, "pods": 1}


def host_ports(pod: Object) -> set[tuple[str, str, int]]:
    """Protocol, address and number of each port of the node that the pod takes."""
    return {
        (port.get("protocol", "TCP"), port.get("hostIP") or "0.0.0.0", port["hostPort"])  # noqa: S104
        for container in pod["spec"]["containers"]
        for port in container.get("ports") or ()
        if port.get("hostPort")
    }


def do_ports_clash(
    wanted: Iterable[tuple[str, str, int]], taken: Iterable[tuple[str, str, int]]
) -> bool:
    """Whether two of the ports are the same; the address 0.0.0.0 stands for every one."""
    everywhere = "0.0.0.0"  # noqa: S104
    held = list(taken)
    return any(
        (protocol, port) == (other_protocol, other_port)
        and (address == other_address or everywhere in {address, other_address})
        for protocol, address, port in wanted
        for other_protocol, other_address, other_port in held
    )


def _requests(container: Object) -> dict[str, int]:
    return amounts((container.get("resources") or {}).get("requests"))


def _add(total: dict[str, int], more: Mapping[str, int]) -> None:
    for name, amount in more.items():
        total[name] = total.get(name, 0) + amount


def _sum(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    total = dict(one)
    _add(total, other)
    return total


def _raise_to(peak: dict[str, int], amounts: Mapping[str, int]) -> None:
    for name, amount in amounts.items():
        peak[name] = max(peak.get(name, 0), amount)
