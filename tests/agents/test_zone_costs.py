"""What is lost where a pair that nobody measured has the cost of its zones or regions.

The whole way of it: each node measures sixteen peers, the aggregator makes costs of what it hears,
and the engine's topology answers for all pairs. The truth is a full matrix. The bounds are the
figures of docs/network-placement.md with a little room.
"""

from pathlib import Path

import numpy as np
import pytest

import netcore
from engine.objects import encode
from netcore_agents.aggregator.costs import REGION_KEY, ZONE_KEY, measure_costs, merge_costs
from netcore_agents.aggregator.members import Place
from netcore_agents.aggregator.peers import assign_peers

PEERS = 16
PLANETLAB = Path(__file__).resolve().parents[3] / "shared/data/planetlab490_rtt_ms_slice01.npz"
MEASURED, DECLARED = 1, 3


def three_levels():
    """Six regions of five zones with twenty nodes each, with a tenth of noise on each pair."""
    rng = np.random.default_rng(1)
    region = np.repeat(np.arange(6), 100)
    zone = np.repeat(np.arange(30), 20)
    sites = rng.uniform(0, 100, (6, 2))
    between_regions = 15 + np.linalg.norm(sites[:, None] - sites[None], axis=2)
    between_zones = rng.uniform(1.5, 6, (30, 30))
    between_zones = (between_zones + between_zones.T) / 2
    rtt = np.where(
        region[:, None] != region[None],
        between_regions[region][:, region],
        np.where(zone[:, None] != zone[None], between_zones[zone][:, zone], 0.6),
    )
    noise = np.exp(rng.normal(0, 0.1, rtt.shape))
    rtt = rtt * np.sqrt(noise * noise.T)
    np.fill_diagonal(rtt, 0)
    return rtt, region, zone


def clusters(rtt, count):
    """A label for each node by the nearest of `count` medoids: farthest first, then moved twice."""
    medoids = [int(np.argmin(rtt.sum(axis=0)))]
    while len(medoids) < count:
        medoids.append(int(np.argmax(rtt[:, medoids].min(axis=1))))
    for _ in range(2):
        label = np.argmin(rtt[:, medoids], axis=1)
        groups = [np.flatnonzero(label == group) for group in range(count)]
        medoids = [
            int(group[np.argmin(np.median(rtt[np.ix_(group, group)], axis=0))])
            for group in groups
            if len(group)
        ]
    return np.argmin(rtt[:, medoids], axis=1)


def planetlab():
    """PlanetLab's matrix, the mean of both directions; regions and zones by distance.

    Labels tell where a node stands, which nobody measures: the clusters see the whole matrix.
    """
    if not PLANETLAB.exists():
        pytest.skip(f"{PLANETLAB} is absent: it is no part of the project")
    rtt = np.load(PLANETLAB)["rtt_ms"].astype(float)
    rtt = (rtt + rtt.T) / 2
    region = clusters(rtt, 12)
    zone = np.zeros(len(rtt), int)
    for number in np.unique(region):
        inside = np.flatnonzero(region == number)
        own = clusters(rtt[np.ix_(inside, inside)], min(8, len(inside)))
        zone[inside] = number * 100 + own
    return rtt, region, zone


def within_zones(links, places):
    """The median round trip within each zone, ms, which the aggregator leaves to be declared."""
    rtts = {}
    for origin, destination, rtt_us in links:
        if places[origin].zone == places[destination].zone:
            rtts.setdefault(places[origin].zone, []).append(rtt_us)
    return {(zone, zone): float(np.median(seen)) / 1000 for zone, seen in sorted(rtts.items())}


def topology(rtt, region, zone, *, declares_within):
    names = [f"n{index:03}" for index in range(len(rtt))]
    places = {
        name: Place(name, f"r{region[index]}", f"z{zone[index]}")
        for index, name in enumerate(names)
    }
    index = {name: at for at, name in enumerate(names)}
    state = netcore.ClusterState()
    links = []
    for name, peers in assign_peers(names, PEERS).items():
        rtts = [round(1000 * rtt[index[name], index[peer]]) for peer in peers]
        links += [(name, peer, rtt_us) for peer, rtt_us in zip(peers, rtts, strict=True)]
        labels = {REGION_KEY: places[name].region, ZONE_KEY: places[name].zone}
        state.apply("Node", encode(metadata={"name": name, "labels": labels}))
        status = {
            "observedAt": "2026-01-01T00:00:00Z",
            "validUntil": "2026-01-01T00:10:00Z",
            "peers": list(peers),
            "rttMicros": rtts,
        }
        state.apply(
            "NodeNetwork", encode(metadata={"name": name}, spec={"node": name}, status=status)
        )
    state.set_time(1_767_225_600.0)
    costs = measure_costs(links, places)
    if declares_within:
        costs[ZONE_KEY] |= within_zones(links, places)
    spec = merge_costs({}, costs, places)
    metadata = {"namespace": "default", "name": "nt-default"}
    state.apply("NetworkTopology", encode(metadata=metadata, spec=spec))
    return state.topology()


@pytest.mark.parametrize(
    ("network", "declares_within", "median", "p90"),
    [
        (three_levels, False, 0.06, 0.16),
        (three_levels, True, 0.06, 0.16),
        (planetlab, False, 0.15, 0.70),
        (planetlab, True, 0.15, 0.70),
    ],
)
def test_the_error_of_costs_by_zone(network, declares_within, median, p90):
    rtt, region, zone = network()
    seen = topology(rtt, region, zone, declares_within=declares_within)
    source, found = seen.source(), seen.rtt_ms()
    known = source == MEASURED
    np.testing.assert_allclose(found[known], rtt[known], atol=1e-3)
    # Hundreds of bytes a link, and a number for each pair of locations: no matrix.
    assert seen.nbytes < 300 * known.sum() + 4 * len(np.unique(zone)) ** 2 + 4 * len(rtt)
    declared = source == DECLARED
    assert declared.mean() > 0.85
    # Below a millisecond the error counts in milliseconds.
    error = np.abs(found - rtt) / np.maximum(rtt, 1)
    other_zone = zone[:, None] != zone[None]
    other_region = region[:, None] != region[None]
    for name, pairs in (
        ("all", declared),
        ("same zone", declared & ~other_zone),
        ("zones", declared & other_zone & ~other_region),
        ("regions", declared & other_region),
    ):
        found_median, found_p90 = np.percentile(error[pairs], [50, 90])
        print(f"{name}: {pairs.sum()} pairs, {found_median:.3f} / {found_p90:.3f}")
    assert np.percentile(error[declared], 50) <= median
    assert np.percentile(error[declared], 90) <= p90
