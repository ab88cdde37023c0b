"""What is estimated of a network from a few measured pairs a node."""

import time
from pathlib import Path

import numpy as np
import pytest

import netcore
from netcore_agents.aggregator.peers import assign_peers

PLANETLAB = Path(__file__).parents[3] / "shared/data/planetlab490_rtt_ms_slice01.npz"
SKYPLANE = Path(__file__).parents[3] / "shared/data/skyplane_2022_aws_azure_gcp_rtt_bw.csv"


def names(count: int) -> list[str]:
    return [f"node-{index}" for index in range(count)]


def pairs(nodes: list[str], k: int) -> tuple[np.ndarray, np.ndarray]:
    """The pairs that the aggregator has measured: k peers a node."""
    place = {node: index for index, node in enumerate(nodes)}
    peers = assign_peers(nodes, k)
    found = [(place[node], place[peer]) for node in nodes for peer in peers[node]]
    origins, destinations = np.array(found, np.int64).reshape(-1, 2).T
    return np.ascontiguousarray(origins), np.ascontiguousarray(destinations)


def space(count: int, seed: int) -> np.ndarray:
    """Round-trip times of places in three dimensions with heights."""
    random = np.random.default_rng(seed)
    at = random.normal(size=(count, 3)) * 40
    height = random.exponential(5, count)
    distance = np.sqrt(((at[:, None] - at[None]) ** 2).sum(-1))
    rtt_ms = (distance + height[:, None] + height[None]).astype(np.float32)
    np.fill_diagonal(rtt_ms, 0)
    return rtt_ms


def unseen(truth: np.ndarray, origins: np.ndarray, destinations: np.ndarray) -> np.ndarray:
    mask = ~np.eye(len(truth), dtype=bool)
    mask[origins, destinations] = mask[destinations, origins] = False
    return mask


def errors(estimated: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return np.abs(estimated[mask] - truth[mask]) / truth[mask]


@pytest.fixture(scope="module")
def measured():
    """A space of 200 nodes, and a fit to 16 peers each."""
    nodes, truth = names(200), space(200, 1)
    origins, destinations = pairs(nodes, 16)
    fit = netcore.estimate(nodes, origins, destinations, truth[origins, destinations])
    return nodes, truth, origins, destinations, fit


def test_what_the_model_can_express_is_recovered(measured) -> None:
    nodes, truth, origins, destinations, fit = measured
    estimated = fit.rtt_ms()
    error = errors(estimated, truth, unseen(truth, origins, destinations))
    assert np.median(error) < 0.003
    assert np.quantile(error, 0.9) < 0.02
    assert np.array_equal(estimated, estimated.T)
    assert not np.diagonal(estimated).any()
    # The coordinates alone tell nearly as much.
    at, height = fit.coordinates_ms(), fit.heights_ms()
    assert (at.shape, height.shape) == ((200, 3), (200,))
    model = np.sqrt(((at[:, None] - at[None]) ** 2).sum(-1)) + height[:, None] + height[None]
    assert np.median(errors(model, truth, ~np.eye(200, dtype=bool))) < 0.01
    assert nodes == fit.nodes


def test_measured_pairs_stay_measured_in_their_direction() -> None:
    truth = space(60, 2)
    nodes = names(60)
    origins, destinations = pairs(nodes, 8)
    rtt_ms = truth[origins, destinations] * np.linspace(0.9, 1.1, len(origins), dtype=np.float32)
    both = np.append(origins, destinations[0]), np.append(destinations, origins[0])
    rtt_ms = np.append(rtt_ms, np.float32(777.0))
    fit = netcore.estimate(nodes, *both, rtt_ms)
    estimated, confidence = fit.rtt_ms(), fit.confidence()
    assert np.array_equal(estimated[both], rtt_ms)
    assert estimated[destinations[0], origins[0]] == 777
    assert np.array_equal(estimated[destinations[1:], origins[1:]], rtt_ms[1:-1])
    assert (confidence[both] == 1).all()
    a, b = nodes[origins[0]], nodes[destinations[0]]
    assert fit.pair(b, a) == (777.0, 1.0, "measured")
    # A single pair is told as the matrix has it.
    for origin, destination in np.argwhere(unseen(truth, *both))[::97]:
        rtt, sure, source = fit.pair(nodes[origin], nodes[destination])
        assert (rtt, sure) == (estimated[origin, destination], confidence[origin, destination])
        assert source == "estimated"


def test_wrong_measurements_do_not_pull(measured) -> None:
    nodes, truth, origins, destinations, _ = measured
    random = np.random.default_rng(3)
    wrong = random.random(len(origins)) < 0.05
    rtt_ms = np.where(wrong, 5, 1).astype(np.float32) * truth[origins, destinations]
    fit = netcore.estimate(nodes, origins, destinations, rtt_ms)
    error = errors(fit.rtt_ms(), truth, unseen(truth, origins, destinations))
    assert np.median(error) < 0.02
    assert np.quantile(error, 0.9) < 0.1


def test_more_confidence_is_less_error(measured) -> None:
    nodes, truth, origins, destinations, _ = measured
    noise = np.random.default_rng(4).normal(size=len(origins)) * 0.25
    rtt_ms = (truth[origins, destinations] * np.exp(noise)).astype(np.float32)
    fit = netcore.estimate(nodes, origins, destinations, rtt_ms)
    mask = unseen(truth, origins, destinations)
    error, confidence = errors(fit.rtt_ms(), truth, mask), fit.confidence()[mask]
    assert confidence.min() >= 0
    assert confidence.max() <= 1
    low, high = np.quantile(confidence, [0.2, 0.8])
    assert np.median(error[confidence >= high]) < 0.75 * np.median(error[confidence <= low])
    # It is the share of estimates within a quarter, and rather too low than too high.
    assert (error <= 0.25).mean() > confidence.mean() - 0.03


def test_a_warm_fit_is_as_good_and_follows_changes_within_some_rounds(measured) -> None:
    _, truth, origins, destinations, fit = measured
    changed = truth * np.float32(1.3)
    changed[7, :] += 20
    changed[:, 7] += 20
    warm = fit
    for _ in range(8):
        warm = warm.refit(origins, destinations, changed[origins, destinations])
    error = errors(warm.rtt_ms(), changed, unseen(truth, origins, destinations))
    assert np.median(error) < 0.01
    assert np.quantile(error, 0.9) < 0.04


def test_sites_whose_paths_take_detours_are_told_apart() -> None:
    # What all nodes of a site share is no distance: the correction learns it, place by place.
    random = np.random.default_rng(11)
    at, site = random.normal(size=(12, 3)) * 60, random.integers(0, 12, 200)
    stretch = np.triu(np.exp(np.abs(random.normal(size=(12, 12))) * 0.3), 1)
    between = np.linalg.norm(at[:, None] - at[None], axis=2) * (stretch + stretch.T)
    height = random.exponential(0.3, 200)
    truth = between[site][:, site] + height[:, None] + height[None]
    truth = truth.astype(np.float32)
    np.fill_diagonal(truth, 0)
    nodes = names(200)
    origins, destinations = pairs(nodes, 16)
    rtt_ms = truth[origins, destinations]
    fit = netcore.estimate(nodes, origins, destinations, rtt_ms)
    mask = unseen(truth, origins, destinations) & (site[:, None] != site[None])
    for estimate in (fit, fit.refit(origins, destinations, rtt_ms)):
        error = errors(estimate.rtt_ms(), truth, mask)
        assert estimate.uses_residuals
        assert np.median(error) < 0.01
        assert np.quantile(error, 0.9) < 0.035


def test_nodes_join_and_leave(measured) -> None:
    nodes, _, _, _, fit = measured
    everyone = [*nodes[30:], *(f"new-{index}" for index in range(20))]
    random = np.random.default_rng(1)
    at, height = random.normal(size=(200, 3)) * 40, random.exponential(5, 200)
    at = np.vstack([at[30:], random.normal(size=(20, 3)) * 40])
    height = np.append(height[30:], random.exponential(5, 20))
    truth = np.sqrt(((at[:, None] - at[None]) ** 2).sum(-1)) + height[:, None] + height[None]
    truth = truth.astype(np.float32)
    origins, destinations = pairs(everyone, 16)
    rtt_ms = truth[origins, destinations]
    warm = fit.refit(origins, destinations, rtt_ms, nodes=everyone)
    assert warm.nodes == everyone
    error = errors(warm.rtt_ms(), truth, unseen(truth, origins, destinations))
    assert np.median(error) < 0.01
    # Other names altogether: a fit from nothing, of the same seed.
    others = [f"other-{index}" for index in range(190)]
    again = fit.refit(origins, destinations, rtt_ms, nodes=others)
    anew = netcore.estimate(others, origins, destinations, rtt_ms)
    assert np.array_equal(again.rtt_ms(), anew.rtt_ms())


def test_what_no_path_joins_is_unknown() -> None:
    truth = space(40, 5)
    first, second = pairs(names(20), 6), pairs(names(19), 6)
    origins = np.concatenate([first[0], second[0] + 20])
    destinations = np.concatenate([first[1], second[1] + 20])
    fit = netcore.estimate(names(40), origins, destinations, truth[origins, destinations])
    estimated, confidence = fit.rtt_ms(), fit.confidence()
    assert np.isfinite(estimated[:20, :20]).all()
    assert np.isfinite(estimated[20:39, 20:39]).all()
    assert np.isnan(estimated[:20, 20:]).all()
    assert np.isnan(estimated[39, :39]).all()
    assert not confidence[:20, 20:].any()
    assert np.isnan(fit.coordinates_ms()[39]).all()
    assert np.isnan(fit.heights_ms()[39])
    rtt, sure, source = fit.pair("node-0", "node-39")
    assert np.isnan(rtt)
    assert (sure, source) == (0, "unknown")
    # Within a part, what was measured bounds what is estimated.
    assert np.median(errors(estimated[:20, :20], truth[:20, :20], ~np.eye(20, dtype=bool))) < 0.3


def test_a_node_with_one_peer_is_told_with_little_confidence(measured) -> None:
    nodes, truth, origins, destinations, _ = measured
    kept = (origins != 0) & (destinations != 0)
    one = np.append(origins[kept], 0), np.append(destinations[kept], 9)
    fit = netcore.estimate(nodes, *one, truth[one])
    confidence = fit.confidence()
    assert confidence[0, 1:].max() == 1
    others = np.delete(confidence[0], [0, 9])
    assert (others <= 0.13).all()
    assert np.isfinite(fit.rtt_ms()[0]).all()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_few_nodes(count) -> None:
    nodes, truth = names(count), space(count, 6)
    origins, destinations = (np.arange(max(count - 1, 0)), np.arange(1, max(count, 1)))
    fit = netcore.estimate(nodes, origins, destinations, truth[origins, destinations])
    estimated = fit.rtt_ms()
    assert estimated.shape == fit.confidence().shape == (count, count)
    assert fit.coordinates_ms().shape == (count, 3)
    assert np.isfinite(estimated).all()
    assert np.array_equal(estimated[origins, destinations], truth[origins, destinations])
    again = fit.refit(origins, destinations, truth[origins, destinations])
    assert np.isfinite(again.rtt_ms()).all()
    nothing = np.array([], np.int64)
    blank = netcore.estimate(nodes, nothing, nothing, np.array([], np.float32))
    assert np.array_equal(np.isnan(blank.rtt_ms()), ~np.eye(count, dtype=bool))
    assert np.isfinite(
        blank.refit(origins, destinations, truth[origins, destinations]).rtt_ms()
    ).all()


def test_same_input_and_seed_give_the_same_bytes(measured) -> None:
    nodes, truth, origins, destinations, fit = measured
    rtt_ms = truth[origins, destinations]
    again = netcore.estimate(nodes, origins, destinations, rtt_ms)
    order = np.random.default_rng(7).permutation(len(origins))
    shuffled = netcore.estimate(nodes, origins[order], destinations[order], rtt_ms[order])
    other = netcore.estimate(nodes, origins, destinations, rtt_ms, seed=1)
    for same in (again, shuffled):
        assert same.rtt_ms().tobytes() == fit.rtt_ms().tobytes()
        assert same.confidence().tobytes() == fit.confidence().tobytes()
        assert same.coordinates_ms().tobytes() == fit.coordinates_ms().tobytes()
    assert other.rtt_ms().tobytes() != fit.rtt_ms().tobytes()


def test_weights_tell_old_measurements_from_new() -> None:
    nodes = names(2)
    ends = np.array([0, 0]), np.array([1, 1])
    rtt_ms = np.array([10.0, 40.0], np.float32)
    weights = np.array([1.0, 1.0], np.float32)
    assert netcore.estimate(nodes, *ends, rtt_ms, weights=weights).rtt_ms()[0, 1] == pytest.approx(
        20
    )
    weights[0] = 0
    assert netcore.estimate(nodes, *ends, rtt_ms, weights=weights).rtt_ms()[0, 1] == 40


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nodes": ["a", "a", "b"]}, 'nodes: "a" comes twice'),
        ({"nodes": ["a", "", "b"]}, "nodes: name 1 is empty"),
        ({"nodes": names(16_385)}, "nodes: 16385 names: at most 16384"),
        ({"origins": np.array([0, 3])}, r"origins: \[1\] = 3 is no node: 0 to 3"),
        ({"origins": np.array([0, -1])}, r"origins: \[1\] = -1 is out of range"),
        ({"origins": np.array([0, 2**63 - 1])}, r"origins: \[1\] = 9223372036854775807 is out"),
        ({"destinations": np.array([1, 1])}, r"destinations: \[1\] = 1 is the origin"),
        ({"destinations": np.array([1])}, "destinations: has 1 .* each of the 2 entries of rtt_ms"),
        (
            {"rtt_ms": np.array([1.0], np.float32)},
            "origins: has 2 .* each of the 1 entries of rtt_ms",
        ),
        ({"rtt_ms": np.array([1.0, np.nan], np.float32)}, r"rtt_ms: \[1\] = NaN is not in"),
        ({"rtt_ms": np.array([1.0, -1.0], np.float32)}, r"rtt_ms: \[1\] = -1 is not in"),
        ({"rtt_ms": np.array([1.0, np.inf], np.float32)}, r"rtt_ms: \[1\] = inf is not in"),
        ({"rtt_ms": np.array([1.0, 6e5 + 1], np.float32)}, r"rtt_ms: \[1\] = 600001 is not in"),
        (
            {"weights": np.array([1.0], np.float32)},
            "weights: has 1 .* each of the 2 entries of rtt_ms",
        ),
        ({"weights": np.array([1.0, np.nan], np.float32)}, r"weights: \[1\] = NaN is not in"),
        ({"weights": np.array([1.0, -1.0], np.float32)}, r"weights: \[1\] = -1 is not in"),
    ],
)
def test_what_cannot_be_is_refused_by_name(change, message) -> None:
    good = {
        "nodes": ["a", "b", "c"],
        "origins": np.array([0, 1]),
        "destinations": np.array([1, 2]),
        "rtt_ms": np.array([1.0, 2.0], np.float32),
    }
    fit = netcore.estimate(**good)
    bad = good | change
    with pytest.raises(netcore.InvalidInputError, match=message):
        netcore.estimate(**bad)
    with pytest.raises(netcore.InvalidInputError, match=message):
        fit.refit(**bad)


def test_wrong_types_are_refused() -> None:
    rtt_ms = np.array([1.0], np.float32)
    for origins in ([0], np.array([0.0]), np.array([[0]]), None):
        with pytest.raises(netcore.InvalidInputError, match=r"^origins: is .* must be"):
            netcore.estimate(["a", "b"], origins, np.array([1]), rtt_ms)
    with pytest.raises(netcore.InvalidInputError, match='origin: "x" is none of the nodes'):
        netcore.estimate(["a", "b"], np.array([0]), np.array([1]), rtt_ms).pair("x", "a")


def test_round_trips_at_the_limits_stay_finite() -> None:
    nodes = names(30)
    origins, destinations = pairs(nodes, 8)
    random = np.random.default_rng(8)
    for values in ([0.0], [6e5], [0.0, 6e5], [1e-40, 1.0, 6e5]):
        rtt_ms = random.choice(np.array(values, np.float32), len(origins))
        estimated = netcore.estimate(nodes, origins, destinations, rtt_ms).rtt_ms()
        assert np.isfinite(estimated).all()
        assert (estimated >= 0).all()


def test_a_topology_with_its_gaps_filled() -> None:
    nodes, truth = names(50), space(50, 9)
    origins, destinations = pairs(nodes, 8)
    rtt_ms = np.full((50, 50), np.nan, np.float32)
    rtt_ms[origins, destinations] = truth[origins, destinations]
    rtt_ms[destinations[3], origins[3]] = 500
    rtt_ms[:, 49] = rtt_ms[49, :] = np.nan
    loss = np.zeros((50, 50), np.float32)
    topology = netcore.Topology(nodes, rtt_ms, loss=loss)
    full = topology.estimated(seed=2)
    before, after = topology.rtt_ms(), full.rtt_ms()
    known = topology.source() == 1
    assert np.array_equal(before[known], after[known])
    assert after[destinations[3], origins[3]] == 500
    source = full.source()
    assert np.array_equal(source == 1, known)
    assert (source[:49, :49] != 0).all()
    assert (source[49, :49] == 0).all()
    assert np.isnan(after[49, :49]).all()
    assert not full.loss().any()
    fit = topology.estimate(seed=2)
    assert np.array_equal(topology.estimated(fit).rtt_ms(), after, equal_nan=True)
    estimated = source == 2
    assert np.array_equal(after[estimated], fit.rtt_ms()[estimated])
    assert np.isfinite(topology.estimate(fit).rtt_ms()[:49, :49]).all()
    # Another set of nodes: matched by name.
    part = netcore.Topology(["node-1", "stranger", "node-0"], np.full((3, 3), np.nan, np.float32))
    filled = part.estimated(fit).rtt_ms()
    assert filled[2, 0] == pytest.approx(fit.rtt_ms()[0, 1])
    assert np.isnan(filled[1, 0])


def test_old_measurements_count_less() -> None:
    nodes = names(3)
    rtt_ms = np.array([[0, 10, np.nan], [40, 0, np.nan], [np.nan] * 3], np.float32)
    age_s = np.zeros((3, 3), np.float32)
    fresh = netcore.Topology(nodes, rtt_ms, age_s=age_s).estimate()
    age_s[1, 0] = 1e6
    old = netcore.Topology(nodes, rtt_ms, age_s=age_s).estimate()
    # Both directions stay as measured; the model between them leans to the fresh one.
    for fit, between in ((fresh, 20), (old, 10)):
        assert fit.rtt_ms()[0, 1] == 10
        at, height = fit.coordinates_ms(), fit.heights_ms()
        assert np.linalg.norm(at[0] - at[1]) + height[0] + height[1] == pytest.approx(
            between, rel=0.1
        )


def throughputs() -> tuple[list[str], np.ndarray]:
    if not SKYPLANE.exists():
        pytest.skip(f"no {SKYPLANE}: throughputs between regions of three clouds")
    column = "throughput_gbps_iperf3_64conn_5s"
    rows = [line.split(",") for line in SKYPLANE.read_text().split()]
    place = {name: index for index, name in enumerate(rows[0])}
    paths = {}
    for row in rows[1:]:
        ends = row[place["src_region"]], row[place["dst_region"]]
        is_premium = row[place["src_tier"]] == row[place["dst_tier"]] == "PREMIUM"
        if (
            is_premium
            and row[place[column]]
            and float(row[place[column]]) > 0
            and len({*ends}) == 2
        ):
            paths[ends] = float(row[place[column]]) * 1e9
    regions = sorted({end for ends in paths for end in ends})
    bandwidth_bps = np.full((len(regions),) * 2, np.nan)
    for (origin, destination), value in paths.items():
        bandwidth_bps[regions.index(origin), regions.index(destination)] = value
    return regions, bandwidth_bps


def test_bandwidth_between_cloud_regions() -> None:
    regions, truth = throughputs()
    random = np.random.default_rng(0)
    known = [random.permutation(np.flatnonzero(np.isfinite(row)))[:16] for row in truth]
    origins = np.repeat(np.arange(len(regions)), [len(row) for row in known])
    destinations = np.concatenate(known)
    fit = netcore.estimate_bandwidth(regions, origins, destinations, truth[origins, destinations])
    estimated = fit.bandwidth_bps()
    assert np.array_equal(estimated[origins, destinations], truth[origins, destinations])
    mask = np.isfinite(truth)
    mask[origins, destinations] = False
    error = errors(estimated, truth, mask)
    assert np.median(error) < 0.15
    assert np.quantile(error, 0.9) < 0.65
    assert fit.held_out_error == pytest.approx(np.median(error), abs=0.05)


def test_bandwidth_of_the_plain_model_and_of_nobody() -> None:
    sends, receives = np.array([1.0, 2.0, 4.0, 8.0]), np.array([1.0, 3.0, 1.0, 2.0])
    truth = np.outer(sends, receives) * 1e8
    origins, destinations = np.argwhere((~np.eye(4, dtype=bool)) & (np.arange(4) != 3)).T
    mask = (origins, destinations)
    fit = netcore.estimate_bandwidth(names(4), origins, destinations, truth[mask])
    estimated = fit.bandwidth_bps()
    assert np.array_equal(estimated[mask], truth[mask])
    assert np.isnan(estimated[:3, 3]).all(), "nothing was ever received there"
    assert np.isnan(np.diagonal(estimated)).all()
    nothing = np.array([], np.int64)
    blank = netcore.estimate_bandwidth([], nothing, nothing, np.array([]))
    assert blank.bandwidth_bps().shape == (0, 0)
    assert blank.held_out_error is None
    for value in (0.0, -1.0, np.nan, np.inf, 2e15):
        with pytest.raises(netcore.InvalidInputError, match=r"bandwidth_bps: \[0\] = "):
            netcore.estimate_bandwidth(names(2), np.array([0]), np.array([1]), np.array([value]))


def test_an_internet_of_490_nodes() -> None:
    if not PLANETLAB.exists():
        pytest.skip(f"no {PLANETLAB}: round-trip times between PlanetLab nodes")
    truth = np.load(PLANETLAB)["rtt_ms"]
    nodes = names(490)
    origins, destinations = pairs(nodes, 16)
    rtt_ms = truth[origins, destinations]
    mask = unseen(truth, origins, destinations)
    start = time.thread_time()
    fit = netcore.estimate(nodes, origins, destinations, rtt_ms)
    cold_s = time.thread_time() - start
    error, confidence = errors(fit.rtt_ms(), truth, mask), fit.confidence()[mask]
    assert np.median(error) < 0.06
    assert np.quantile(error, 0.9) < 0.26
    assert fit.uses_residuals
    groups = [error[(confidence >= low) & (confidence < low + 0.25)] for low in (0.25, 0.5, 0.75)]
    medians = [np.median(group) for group in groups]
    assert medians == sorted(medians, reverse=True)
    start = time.thread_time()
    warm = fit.refit(origins, destinations, rtt_ms)
    assert time.thread_time() - start < cold_s / 5
    error = errors(warm.rtt_ms(), truth, mask)
    assert np.median(error) < 0.06
    assert np.quantile(error, 0.9) < 0.26
    wrong = np.random.default_rng(0).random(len(rtt_ms)) < 0.05
    rtt_ms[wrong] *= 5
    error = errors(netcore.estimate(nodes, origins, destinations, rtt_ms).rtt_ms(), truth, mask)
    assert np.median(error) < 0.062
