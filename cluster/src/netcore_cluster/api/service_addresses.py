"""Cluster addresses and node ports of services: each given to one service at a time."""

import ipaddress
import random

from netcore_cluster.api import errors
from netcore_cluster.api.errors import Object
from netcore_cluster.api.service_network import NETWORK
from netcore_cluster.schema import errors as field_errors
from netcore_cluster.storage.store import Store

NODE_PORTS = range(30000, 32768)
"""Source: kube-apiserver ``--service-node-port-range``."""

_WITH_NODE_PORTS = {"NodePort", "LoadBalancer"}


class ServiceAddresses:
    """What is taken follows from the services themselves; nothing else is stored."""

    def __init__(self, store: Store) -> None:
        """Counts the addresses of the services in `store` as taken."""
        self._random = random.Random()
        self._addresses: set[str] = set()
        self._ports: set[int] = set()
        for entry in store.entries("services"):
            spec = entry.obj.get("spec") or {}
            self._addresses |= set(_addresses(spec))
            self._ports |= set(_node_ports(spec))

    def allocate(self, service: Object, old: Object | None, *, is_dry_run: bool) -> None:
        """Gives a service its address and ports, or checks and keeps those that it asks for.

        Raises:
            ApiError: 422, they are taken or out of range; 500, there are none left.
        """
        spec = service["spec"]
        old_spec = (old or {}).get("spec") or {}
        taken_addresses = self._addresses - set(_addresses(old_spec))
        taken_ports = self._ports - set(_node_ports(old_spec))
        self._give_address(service, old_spec, taken_addresses)
        if spec.get("type") in _WITH_NODE_PORTS:
            self._give_ports(service, old_spec, taken_ports)
        elif old_spec.get("type") in _WITH_NODE_PORTS:
            for port in spec.get("ports") or ():
                port.pop("nodePort", None)
        if not is_dry_run:
            self._addresses = taken_addresses | set(_addresses(spec))
            self._ports = taken_ports | set(_node_ports(spec))

    def release(self, service: Object) -> None:
        """Takes back what a deleted service had."""
        spec = service.get("spec") or {}
        self._addresses -= set(_addresses(spec))
        self._ports -= set(_node_ports(spec))

    def _give_address(self, service: Object, old_spec: Object, taken: set[str]) -> None:
        spec = service["spec"]
        if spec.get("type") == "ExternalName":
            for name in ("clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"):
                spec.pop(name, None)
            return
        address = spec.get("clusterIP") or (spec.get("clusterIPs") or [""])[0]
        address = address or old_spec.get("clusterIP") or ""
        if address == "":
            address = self._free_address(taken)
        elif address != "None":
            self._check_address(service, address, taken)
        spec["clusterIP"] = address
        spec["clusterIPs"] = [address]
        if spec.get("selector") or address != "None":
            spec.setdefault("ipFamilies", ["IPv4"])
            spec.setdefault("ipFamilyPolicy", "SingleStack")
        else:
            spec.setdefault("ipFamilies", ["IPv4"])
            spec.setdefault("ipFamilyPolicy", "RequireDualStack")

    def _check_address(self, service: Object, address: str, taken: set[str]) -> None:
        problem = ""
        try:
            is_inside = ipaddress.ip_address(address) in NETWORK
        except ValueError:
            is_inside = False
        if not is_inside:
            problem = (
                f"failed to allocate IP {address}: the provided IP ({address}) is not in the "
                "valid range. The range of valid IPs is "
                f"{NETWORK}"
            )
        elif address in taken:
            problem = f"failed to allocate IP {address}: provided IP is already allocated"
        if problem:
            self._refuse(service, "spec.clusterIPs", [address], problem)

    def _give_ports(self, service: Object, old_spec: Object, taken: set[int]) -> None:
        old_ports = {
            (port.get("protocol"), port["port"]): port.get("nodePort")
            for port in old_spec.get("ports") or ()
        }
        given: set[int] = set()
        for index, port in enumerate(service["spec"].get("ports") or ()):
            number = port.get("nodePort") or old_ports.get((port.get("protocol"), port["port"]))
            if not number:
                free = [choice for choice in NODE_PORTS if choice not in taken | given]
                if not free:
                    raise errors.internal("failed to allocate a nodePort: range is full")
                number = self._random.choice(free)
            elif number not in NODE_PORTS:
                problem = (
                    "provided port is not in the valid range. The range of valid ports is "
                    f"{NODE_PORTS.start}-{NODE_PORTS.stop - 1}"
                )
                self._refuse(service, f"spec.ports[{index}].nodePort", number, problem)
            elif number in taken:
                problem = "provided port is already allocated"
                self._refuse(service, f"spec.ports[{index}].nodePort", number, problem)
            port["nodePort"] = number
            given.add(number)

    def _free_address(self, taken: set[str]) -> str:
        # The first addresses are left to those who ask for a particular one.
        first, count = 256, NETWORK.num_addresses - 257
        start = self._random.randrange(count)
        for offset in range(count):
            address = str(NETWORK[first + (start + offset) % count])
            if address not in taken:
                return address
        raise errors.internal("failed to allocate a serviceIP: range is full")

    def _refuse(self, service: Object, field: str, value: object, problem: str) -> None:
        name = service["metadata"]["name"]
        raise errors.invalid("Service", "", name, [field_errors.invalid(field, value, problem)])


def _addresses(spec: Object) -> list[str]:
    return [address for address in spec.get("clusterIPs") or () if address != "None"]


def _node_ports(spec: Object) -> list[int]:
    return [port["nodePort"] for port in spec.get("ports") or () if port.get("nodePort")]
