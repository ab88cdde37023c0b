"""Arguments of plugins: upstream's defaults filled in, upstream's checks in upstream's words.

The plugins of netcore itself are left to the engine, which is the only one to know them. Arguments
of plugins that netcore does not have yet are checked too, so that a configuration which passes
here passes upstream.

Source: kube-scheduler 1.35 (`apis/config/v1/defaults.go`, `apis/config/validation`) and
scheduler-plugins (`apis/config/v1`).
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from netcore_scheduler.config._decode import Reader
from netcore_scheduler.config._errors import ConfigurationError, invalid, shown, unsupported

_GROUP: Final = "kubescheduler.config.k8s.io"
_LABEL_NAME: Final = re.compile(
    r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
)
_CPU_AND_MEMORY: Final = ({"name": "cpu", "weight": 1}, {"name": "memory", "weight": 1})
_STRATEGIES: Final = ("LeastAllocated", "MostAllocated", "RequestedToCapacityRatio")


def decode_arguments(plugin: str, reader: Reader) -> dict[str, Any]:
    """Read the `args` of one `pluginConfig` entry.

    Args:
        plugin: A known plugin's name.
        reader: The `args`; empty gives the plugin's defaults.

    Returns:
        The arguments as the engine takes them, every upstream default filled in.

    Raises:
        ConfigurationError: A key is unknown, or a value is out of range.
    """
    kind = reader.text("kind", f"{plugin}Args")
    group, _, _ = reader.text("apiVersion", f"{_GROUP}/v1").partition("/")
    if kind != f"{plugin}Args" or group != _GROUP:
        raise ConfigurationError(
            f"args for plugin {plugin} were not of type {plugin}Args.{_GROUP}, got {kind}.{group}"
        )
    if plugin in _OF_THE_ENGINE:
        return {key: value for key, value in reader.items() if key not in {"apiVersion", "kind"}}
    arguments = _DECODERS.get(plugin, _none)(reader)
    reader.finish()
    return arguments


def _none(_: Reader) -> dict[str, Any]:
    return {}


def _node_resources_fit(reader: Reader) -> dict[str, Any]:
    ignored = reader.texts("ignoredResources")
    for index, name in enumerate(ignored):
        _label_name(name, f"{reader.at('ignoredResources')}[{index}]")
    groups = reader.texts("ignoredResourceGroups")
    for index, group in enumerate(groups):
        path = f"{reader.at('ignoredResourceGroups')}[{index}]"
        if "/" in group:
            raise invalid(path, group, "resource group name can't contain '/'")
        _label_name(group, path)
    return {
        "ignoredResources": ignored,
        "ignoredResourceGroups": groups,
        "scoringStrategy": _scoring_strategy(reader),
    }


def _scoring_strategy(arguments: Reader) -> dict[str, Any]:
    if arguments.get("scoringStrategy") is None:
        return {"type": "LeastAllocated", "resources": list(_CPU_AND_MEMORY)}
    reader = arguments.child("scoringStrategy")
    kind = reader.text("type")
    if kind not in _STRATEGIES:
        raise unsupported(reader.at("type"), kind, _STRATEGIES)
    resources = _resources(reader)
    for index, resource in enumerate(resources):
        if not 0 < resource["weight"] <= 100:
            detail = f"resource weight of {resource['name']} not in valid range (0, 100]"
            path = f"{reader.at('resources')}[{index}].weight"
            raise invalid(path, resource["weight"], detail)
    strategy: dict[str, Any] = {"type": kind, "resources": resources}
    if reader.get("requestedToCapacityRatio") is not None:
        ratio = reader.child("requestedToCapacityRatio")
        strategy["requestedToCapacityRatio"] = {"shape": _shape(ratio, reader.at("shape"))}
        ratio.finish()
    elif kind == "RequestedToCapacityRatio":
        raise ConfigurationError(f"{reader.at('shape')}: Required value: a shape must be given")
    reader.finish()
    return strategy


def _resources(reader: Reader) -> list[dict[str, Any]]:
    """Resources with their weights; a weight of 0 is 1, and no resource is processor and memory."""
    resources = []
    for entry in reader.children("resources"):
        weight = entry.integer("weight", 0)
        resources.append({"name": entry.text("name"), "weight": weight or 1})
        entry.finish()
    return resources or list(_CPU_AND_MEMORY)


def _shape(reader: Reader, path: str) -> list[dict[str, int]]:
    points = []
    for entry in reader.children("shape"):
        points.append(
            {
                "utilization": entry.integer("utilization", 0),
                "score": entry.integer("score", 0),
            }
        )
        entry.finish()
    if not points:
        raise ConfigurationError(f"{path}: Required value: at least one point must be specified")
    for index, point in enumerate(points):
        utilization, score = point["utilization"], point["score"]
        if index and points[index - 1]["utilization"] >= utilization:
            detail = "values must be sorted in increasing order"
            raise invalid(f"{path}[{index}].utilization", utilization, detail)
        if not 0 <= utilization <= 100:
            detail = "not in valid range [0, 100]"
            raise invalid(f"{path}[{index}].utilization", utilization, detail)
        if not 0 <= score <= 10:
            raise invalid(f"{path}[{index}].score", score, "not in valid range [0, 10]")
    return points


def _balanced_allocation(reader: Reader) -> dict[str, Any]:
    resources = _resources(reader)
    seen: set[str] = set()
    for index, resource in enumerate(resources):
        path = f"{reader.at('resources')}[{index}]"
        if resource["name"] in seen:
            raise ConfigurationError(f"{path}.name: Duplicate value: {shown(resource['name'])}")
        seen.add(resource["name"])
        if resource["weight"] != 1:
            raise invalid(f"{path}.weight", resource["weight"], "must be 1")
    return {"resources": resources}


def _node_affinity(reader: Reader) -> dict[str, Any]:
    # The engine parses the terms, as it does those of pods.
    added = reader.get("addedAffinity")
    if added is None:
        return {}
    if not isinstance(added, Mapping):
        raise ConfigurationError(f"{reader.at('addedAffinity')}: must be a mapping")
    return {"addedAffinity": added}


def _namespaces(reader: Reader) -> list[str]:
    return reader.texts("namespaces") or ["default"]


def _network_overhead(reader: Reader) -> dict[str, Any]:
    return {
        "namespaces": _namespaces(reader),
        "weightsName": reader.text("weightsName", "UserDefined"),
        "networkTopologyName": reader.text("networkTopologyName", "nt-default"),
    }


def _topological_sort(reader: Reader) -> dict[str, Any]:
    return {"namespaces": _namespaces(reader)}


def _default_preemption(reader: Reader) -> dict[str, Any]:
    percentage = reader.integer("minCandidateNodesPercentage", 10)
    absolute = reader.integer("minCandidateNodesAbsolute", 100)
    path = reader.at("minCandidateNodesPercentage")
    if not 0 <= percentage <= 100:
        raise invalid(path, percentage, "not in valid range [0, 100]")
    if absolute < 0:
        path = reader.at("minCandidateNodesAbsolute")
        raise invalid(path, absolute, "not in valid range [0, inf)")
    if percentage == absolute == 0:
        detail = "cannot be zero at the same time as minCandidateNodesAbsolute"
        raise invalid(path, percentage, detail)
    return {"minCandidateNodesPercentage": percentage, "minCandidateNodesAbsolute": absolute}


def _inter_pod_affinity(reader: Reader) -> dict[str, Any]:
    weight = reader.integer("hardPodAffinityWeight", 1)
    if not 0 <= weight <= 100:
        path = reader.at("hardPodAffinityWeight")
        raise invalid(path, weight, "not in valid range [0, 100]")
    ignores = reader.boolean("ignorePreferredTermsOfExistingPods", default=False)
    return {"hardPodAffinityWeight": weight, "ignorePreferredTermsOfExistingPods": ignores}


def _pod_topology_spread(reader: Reader) -> dict[str, Any]:
    defaulting = reader.text("defaultingType", "System")
    if defaulting not in {"System", "List"}:
        raise unsupported(reader.at("defaultingType"), defaulting, ("System", "List"))
    constraints: list[dict[str, Any]] = []
    for entry in reader.children("defaultConstraints"):
        if defaulting == "System":
            detail = "when .defaultConstraints are not empty"
            raise invalid(reader.at("defaultingType"), defaulting, detail)
        constraints.append(_spread_constraint(entry))
        entry.finish()
    return {"defaultingType": defaulting, "defaultConstraints": constraints}


def _spread_constraint(reader: Reader) -> dict[str, Any]:
    skew = reader.integer("maxSkew", 0)
    if skew <= 0:
        raise invalid(reader.at("maxSkew"), skew, "not in valid range (0, inf)")
    key = reader.text("topologyKey")
    if not key:
        raise ConfigurationError(f"{reader.at('topologyKey')}: Required value: can not be empty")
    _label_name(key, reader.at("topologyKey"))
    action = reader.text("whenUnsatisfiable")
    if action not in {"DoNotSchedule", "ScheduleAnyway"}:
        actions = ("DoNotSchedule", "ScheduleAnyway")
        raise unsupported(reader.at("whenUnsatisfiable"), action, actions)
    if reader.get("labelSelector") is not None:
        raise ConfigurationError(
            f"{reader.at('labelSelector')}: Forbidden: constraint must not define a selector, "
            "as they deduced for each pod"
        )
    return {"maxSkew": skew, "topologyKey": key, "whenUnsatisfiable": action}


def _volume_binding(reader: Reader) -> dict[str, Any]:
    timeout = reader.integer("bindTimeoutSeconds", 600)
    if timeout < 0:
        path = reader.at("bindTimeoutSeconds")
        detail = "invalid BindTimeoutSeconds, should not be a negative value"
        raise invalid(path, timeout, detail)
    if reader.get("shape") is not None:
        detail = (
            "unexpected field `shape`, remove it or turn on the feature gate StorageCapacityScoring"
        )
        raise invalid(reader.at("shape"), reader.get("shape"), detail)
    return {"bindTimeoutSeconds": timeout}


def _dynamic_resources(reader: Reader) -> dict[str, Any]:
    return {
        "filterTimeout": reader.seconds("filterTimeout", 10.0),
        "bindingTimeout": reader.seconds("bindingTimeout", 600.0),
    }


def _label_name(name: str, path: str) -> None:
    if not _LABEL_NAME.fullmatch(name):
        raise invalid(
            path, name, "name part must consist of alphanumeric characters, '-', '_' or '.'"
        )


_OF_THE_ENGINE: Final = frozenset({"AppGroupSort", "NetworkLimits", "NetworkCost"})

_DECODERS: Final[dict[str, Callable[[Reader], dict[str, Any]]]] = {
    "NodeResourcesFit": _node_resources_fit,
    "NodeResourcesBalancedAllocation": _balanced_allocation,
    "NodeAffinity": _node_affinity,
    "NetworkOverhead": _network_overhead,
    "TopologicalSort": _topological_sort,
    "DefaultPreemption": _default_preemption,
    "InterPodAffinity": _inter_pod_affinity,
    "PodTopologySpread": _pod_topology_spread,
    "VolumeBinding": _volume_binding,
    "DynamicResources": _dynamic_resources,
}
