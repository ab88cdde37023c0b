"""Costs between zones and regions, and how they share an object with what people declare."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from netcore_agents.aggregator.costs import (
    REGION_KEY,
    ZONE_KEY,
    is_changed,
    measure_costs,
    merge_costs,
)
from netcore_agents.aggregator.members import Place

PLACES = {
    "a1": Place("1", "eu", "eu-a"),
    "a2": Place("2", "eu", "eu-a"),
    "b1": Place("3", "eu", "eu-b"),
    "c1": Place("4", "us", "us-a"),
    "nowhere": Place("5", "", ""),
}
LINKS = [
    ("a1", "a2", 500),
    ("a1", "b1", 3000),
    ("a2", "b1", 5000),
    ("b1", "a1", 3400),
    ("a1", "c1", 92_000),
    ("c1", "b1", 93_400),
    ("a1", "nowhere", 1),
    ("a1", "gone", 1),
]


def costs_of(spec, key):
    [weights] = [entry for entry in spec["weights"] if entry["name"] == "NetperfCosts"]
    [topology] = [entry for entry in weights["topologyList"] if entry["topologyKey"] == key]
    return {
        (origin["origin"], cost["destination"]): cost
        for origin in topology["originList"]
        for cost in origin["costList"]
    }


def test_costs_are_medians_in_both_directions():
    assert measure_costs(LINKS, PLACES) == {
        REGION_KEY: {("eu", "us"): 92.7, ("us", "eu"): 92.7},
        ZONE_KEY: {("eu-a", "eu-b"): 3.4, ("eu-b", "eu-a"): 3.4},
    }


@given(st.permutations(LINKS))
def test_the_order_of_the_links_does_not_matter(links):
    assert measure_costs(links, PLACES) == measure_costs(LINKS, PLACES)


def topology(key, **origins):
    """An entry of a topologyList: origin → its cost list."""
    entries = [{"origin": name, "costList": costs} for name, costs in origins.items()]
    return {"topologyKey": key, "originList": entries}


def cost(destination, value, **more):
    return {"destination": destination, "networkCost": value} | more


def test_a_new_object_is_sorted_and_never_zero():
    spec = merge_costs({"configmapName": "x"}, measure_costs([("a1", "b1", 40)], PLACES), PLACES)
    zones = {"eu-a": [cost("eu-b", 1)], "eu-b": [cost("eu-a", 1)]}
    lists = [topology(REGION_KEY), topology(ZONE_KEY, **zones)]
    weights = [{"name": "NetperfCosts", "topologyList": lists}]
    assert spec == {"configmapName": "x", "weights": weights}


def test_what_people_declared_stays():
    by_hand = topology(REGION_KEY, eu=[cost("us", 20, bandwidthCapacity="1G")])
    held = [cost("eu-a", 9, bandwidthCapacity="10G", bandwidthAllocated="2G"), cost("gone", 9)]
    ours = [topology(ZONE_KEY, **{"eu-b": held}), topology("topology.kubernetes.io/segment")]
    declared = {
        "configmapName": "netperf",
        "weights": [
            {"name": "UserDefined", "topologyList": [by_hand]},
            {"name": "Else", "topologyList": []},
            {"name": "NetperfCosts", "topologyList": ours},
        ],
    }
    before = copy.deepcopy(declared)
    merged = merge_costs(declared, measure_costs(LINKS, PLACES), PLACES)
    assert declared == before
    assert merged["configmapName"] == "netperf"
    assert merged["weights"][:2] == before["weights"][:2]
    assert costs_of(merged, REGION_KEY)["eu", "us"] == cost("us", 93, bandwidthCapacity="1G")
    zones = costs_of(merged, ZONE_KEY)
    assert zones.keys() == {("eu-a", "eu-b"), ("eu-b", "eu-a")}
    assert zones["eu-b", "eu-a"] == cost(
        "eu-a", 3, bandwidthCapacity="10G", bandwidthAllocated="2G"
    )
    assert merged["weights"][2]["topologyList"][2]["topologyKey"].endswith("segment")


def test_a_pair_that_is_no_longer_measured_keeps_its_cost_while_it_has_nodes():
    held = merge_costs({}, measure_costs(LINKS, PLACES), PLACES)
    nothing = {REGION_KEY: {}, ZONE_KEY: {}}
    assert merge_costs(held, nothing, PLACES) == held
    europe = {name: place for name, place in PLACES.items() if place.region == "eu"}
    later = merge_costs(held, nothing, europe)
    assert costs_of(later, REGION_KEY) == {}
    assert costs_of(later, ZONE_KEY) == costs_of(held, ZONE_KEY)


def test_the_merge_comes_out_the_same_again():
    costs = measure_costs(LINKS, PLACES)
    once = merge_costs({}, costs, PLACES)
    assert merge_costs(once, costs, PLACES) == once


def test_only_changes_that_matter_are_written():
    old = measure_costs(LINKS, PLACES)

    def changed(rtt_us: int) -> bool:
        links = [(origin, destination, rtt_us) for origin, destination, _ in LINKS[1:4]]
        return is_changed(old, measure_costs([*links, *LINKS[4:]], PLACES), change=0.15)

    assert not changed(3_400)
    assert not changed(3_890)
    assert changed(4_000)
    assert changed(2_500)
    assert is_changed(old, measure_costs(LINKS[:4], PLACES), change=0.15)
