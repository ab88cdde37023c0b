"""Endpoints and EndpointSlice: where the pods of a service listen."""

from datetime import datetime
from typing import Any

from netcore_cluster.kinds.kind import AGE, NAME, Column, Kind
from netcore_cluster.kinds.names import dns_label, dns_subdomain
from netcore_cluster.kinds.rules import (
    address_errors,
    changed_errors,
    choice_errors,
    name_errors,
)
from netcore_cluster.kinds.table import NONE, created
from netcore_cluster.schema.errors import (
    FieldError,
    duplicate,
    invalid,
    required,
    too_many,
    unsupported,
)

JsonObject = dict[str, Any]

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_ADDRESS_TYPES = ("FQDN", "IPv4", "IPv6")
_SHOWN = 3
_MOST_ADDRESSES = 100


def _default_endpoints(obj: JsonObject) -> None:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            port.setdefault("protocol", "TCP")


def _check_endpoints(obj: JsonObject, _: JsonObject | None) -> list[FieldError]:
    errors: list[FieldError] = []
    for index, subset in enumerate(obj.get("subsets") or ()):
        path = f"subsets[{index}]"
        if not subset.get("addresses") and not subset.get("notReadyAddresses"):
            text = "must specify `addresses` or `notReadyAddresses`"
            errors.append(required(path, text))
        for key in ("addresses", "notReadyAddresses"):
            for place, address in enumerate(subset.get(key) or ()):
                errors += address_errors(address.get("ip", ""), f"{path}.{key}[{place}].ip")
        ports = subset.get("ports") or ()
        for place, port in enumerate(ports):
            where = f"{path}.ports[{place}]"
            if len(ports) > 1 and not port.get("name"):
                errors.append(required(f"{where}.name"))
            errors += name_errors(port.get("name"), dns_label, f"{where}.name")
            errors += _number_errors(port.get("port", 0), f"{where}.port")
            errors += choice_errors(port, "protocol", _PROTOCOLS, where)
    return errors


def _deprecated(_obj: JsonObject, _old: JsonObject | None) -> list[str]:
    return ["v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"]


def _number_errors(number: int, path: str) -> list[FieldError]:
    if 1 <= number <= 65535:
        return []
    return [invalid(path, number, "must be between 1 and 65535, inclusive")]


def _endpoints_cells(obj: JsonObject, now: datetime) -> list[Any]:
    shown: list[str] = []
    for subset in obj.get("subsets") or ():
        addresses = subset.get("addresses") or ()
        ports = subset.get("ports") or ()
        for port in ports:
            shown += [f"{_bracketed(address['ip'])}:{port['port']}" for address in addresses]
        if not ports:
            shown += [address["ip"] for address in addresses]
    text = ",".join(shown[:_SHOWN]) or NONE
    if len(shown) > _SHOWN:
        text += f" + {len(shown) - _SHOWN} more..."
    return [obj["metadata"]["name"], text, created(obj, now)]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _default_slice(obj: JsonObject) -> None:
    for port in obj.get("ports") or ():
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _check_slice(obj: JsonObject, old: JsonObject | None) -> list[FieldError]:
    errors: list[FieldError] = []
    kind = obj.get("addressType", "")
    if not kind:
        errors.append(required("addressType"))
    elif kind not in _ADDRESS_TYPES:
        errors.append(unsupported("addressType", kind, _ADDRESS_TYPES))
    for index, endpoint in enumerate(obj.get("endpoints") or ()):
        errors += _endpoint_errors(endpoint, kind, f"endpoints[{index}]")
    names: set[str] = set()
    for index, port in enumerate(obj.get("ports") or ()):
        where = f"ports[{index}]"
        errors += name_errors(port.get("name"), dns_label, f"{where}.name")
        if port.get("name", "") in names:
            errors.append(duplicate(f"{where}.name", port.get("name", "")))
        names.add(port.get("name", ""))
        errors += choice_errors(port, "protocol", _PROTOCOLS, where)
    return errors + (changed_errors(obj, old, "", "addressType") if old else [])


def _endpoint_errors(endpoint: JsonObject, kind: str, path: str) -> list[FieldError]:
    addresses = endpoint.get("addresses") or []
    errors: list[FieldError] = []
    if not addresses:
        errors.append(required(f"{path}.addresses", "must contain at least 1 address"))
    if len(addresses) > _MOST_ADDRESSES:
        errors.append(too_many(f"{path}.addresses", len(addresses), _MOST_ADDRESSES))
    for index, address in enumerate(addresses):
        where = f"{path}.addresses[{index}]"
        if kind == "FQDN":
            errors += name_errors(address, dns_subdomain, where)
        elif kind in _ADDRESS_TYPES:
            wrong = address_errors(address, where)
            errors += wrong
            if not wrong and (":" in address) != (kind == "IPv6"):
                errors.append(invalid(where, address, f"must be an {kind} address"))
    errors += name_errors(endpoint.get("hostname"), dns_label, f"{path}.hostname")
    return errors + name_errors(endpoint.get("nodeName"), dns_subdomain, f"{path}.nodeName")


def _slice_cells(obj: JsonObject, now: datetime) -> list[Any]:
    ports = [str(port.get("port", "*")) for port in obj.get("ports") or ()]
    addresses = [
        address
        for endpoint in obj.get("endpoints") or ()
        for address in endpoint.get("addresses") or ()
    ]
    return [
        obj["metadata"]["name"],
        obj.get("addressType", ""),
        _first(ports, "<unset>"),
        _first(addresses, "<unset>"),
        created(obj, now),
    ]


def _first(texts: list[str], nothing: str) -> str:
    if not texts:
        return nothing
    shown = ",".join(texts[:_SHOWN])
    return shown + (f" + {len(texts) - _SHOWN} more..." if len(texts) > _SHOWN else "")


ENDPOINTS = Kind(
    group="",
    version="v1",
    kind="Endpoints",
    plural="endpoints",
    short_names=("ep",),
    columns=(NAME, Column("Endpoints", description="Addresses with their ports."), AGE),
    cells=_endpoints_cells,
    defaults=_default_endpoints,
    check=_check_endpoints,
    warnings=_deprecated,
)
ENDPOINT_SLICE = Kind(
    group="discovery.k8s.io",
    version="v1",
    kind="EndpointSlice",
    plural="endpointslices",
    has_generation=True,
    columns=(
        NAME,
        Column("AddressType", description="What the addresses are."),
        Column("Ports", description="Ports of every endpoint."),
        Column("Endpoints", description="Addresses."),
        AGE,
    ),
    cells=_slice_cells,
    defaults=_default_slice,
    check=_check_slice,
)
