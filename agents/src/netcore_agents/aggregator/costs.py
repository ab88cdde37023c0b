"""What the measured network costs between zones and between regions.

For readers of Diktyo's NetworkTopology: the set of costs named NetperfCosts, in which the cost of
a pair is its round-trip time in milliseconds. As upstream, regions are compared with regions, and
zones with the other zones of their region. Unlike upstream the cost is a plain median over all
pairs of nodes, the same whatever order they come in, and a pair that nobody measured is left out:
as zero it would be the best of all.
"""

from collections.abc import Iterable, Mapping
from statistics import median
from typing import Any, Final

from netcore_agents.aggregator.members import Place

WEIGHTS_NAME: Final = "NetperfCosts"
_USER_DEFINED: Final = "UserDefined"
REGION_KEY: Final = "topology.kubernetes.io/region"
ZONE_KEY: Final = "topology.kubernetes.io/zone"
_BANDWIDTH_FIELDS: Final = ("bandwidthCapacity", "bandwidthAllocated")
# A change of less is not worth a write, however large its share.
_FLOOR_MS: Final = 0.5

# Topology key → (origin, destination) → milliseconds, not rounded.
Costs = dict[str, dict[tuple[str, str], float]]


def measure_costs(links: Iterable[tuple[str, str, int]], places: Mapping[str, Place]) -> Costs:
    """Return the median round-trip time between regions, and between zones of a region.

    Args:
        links: Origin node, destination node, round-trip time in microseconds.
        places: Where each node stands; a link of a node without region or zone says nothing here.
    """
    seen: dict[str, dict[tuple[str, str], list[int]]] = {REGION_KEY: {}, ZONE_KEY: {}}
    for origin, destination, rtt_us in links:
        here, there = places.get(origin), places.get(destination)
        if here is None or there is None:
            continue
        if here.region != there.region:
            key, pair = REGION_KEY, (here.region, there.region)
        else:
            key, pair = ZONE_KEY, (here.zone, there.zone)
        if not all(pair) or pair[0] == pair[1]:
            continue
        # A round trip is the same from either end.
        for way in (pair, pair[::-1]):
            seen[key].setdefault(way, []).append(rtt_us)
    return {
        key: {pair: median(rtts) / 1000 for pair, rtts in sorted(pairs.items())}
        for key, pairs in seen.items()
    }


def is_changed(old: Costs, new: Costs, *, change: float) -> bool:
    """Whether costs differ by more than noise: compared before rounding, so they do not flap."""
    for key in (REGION_KEY, ZONE_KEY):
        before, after = old.get(key, {}), new.get(key, {})
        if before.keys() != after.keys():
            return True
        for pair, cost in after.items():
            delta = abs(cost - before[pair])
            if delta > _FLOOR_MS and delta > change * before[pair]:
                return True
    return False


def merge_costs(
    spec: Mapping[str, Any], costs: Costs, places: Mapping[str, Place]
) -> dict[str, Any]:
    """Return the spec of a NetworkTopology with these costs in it.

    All that others declared stays: other sets of costs as they are, and the bandwidths of a pair.
    A pair that is not measured now keeps its last cost as long as both its ends have nodes.

    Args:
        spec: As it stands; may be empty.
        costs: As measured.
        places: Nodes of the cluster.
    """
    weights: list[dict[str, Any]] = [dict(entry) for entry in spec.get("weights") or []]
    ours = next((entry for entry in weights if entry.get("name") == WEIGHTS_NAME), None)
    declared = next((entry for entry in weights if entry.get("name") == _USER_DEFINED), {})
    if ours is None:
        ours = {"name": WEIGHTS_NAME}
        weights.append(ours)
    alive = {
        REGION_KEY: {place.region for place in places.values()},
        ZONE_KEY: {place.zone for place in places.values()},
    }
    topologies = []
    for key in (REGION_KEY, ZONE_KEY):
        held = _entries(ours, key)
        bandwidths = _entries(declared, key)
        entries: dict[tuple[str, str], dict[str, Any]] = {
            pair: entry for pair, entry in held.items() if alive[key].issuperset(pair)
        }
        for pair, cost in costs.get(key, {}).items():
            kept: dict[str, Any] = {
                name: source[name]
                for source in (bandwidths.get(pair, {}), held.get(pair, {}))
                for name in _BANDWIDTH_FIELDS
                if name in source
            }
            entries[pair] = {
                "destination": pair[1],
                "networkCost": max(1, round(cost)),
                **kept,
            }
        topologies.append({"topologyKey": key, "originList": _origin_list(entries)})
    others = [
        entry
        for entry in ours.get("topologyList") or []
        if entry.get("topologyKey") not in {REGION_KEY, ZONE_KEY}
    ]
    ours["topologyList"] = topologies + others
    return {**spec, "weights": weights}


def _entries(weights: Mapping[str, Any], key: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Cost entries of one topology key, by origin and destination."""
    return {
        (origin.get("origin", ""), cost.get("destination", "")): cost
        for topology in weights.get("topologyList") or []
        if topology.get("topologyKey") == key
        for origin in topology.get("originList") or []
        for cost in origin.get("costList") or []
    }


def _origin_list(entries: Mapping[tuple[str, str], dict[str, Any]]) -> list[dict[str, Any]]:
    """Sorted by origin and destination: readers of NetperfCosts search it by halving."""
    by_origin: dict[str, list[dict[str, Any]]] = {}
    for (origin, _), entry in sorted(entries.items(), key=lambda item: item[0]):
        by_origin.setdefault(origin, []).append(entry)
    return [{"origin": origin, "costList": costs} for origin, costs in by_origin.items()]
