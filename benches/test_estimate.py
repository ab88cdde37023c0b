"""Estimation of the whole network from k measured peers a node: how right, and how fast.

The peers are those that the aggregator assigns. Errors are relative, on pairs that were not
measured, and the mean over five assignments; times are of one core, in CPU time.
"""

import statistics
import time
from pathlib import Path

import numpy as np
import pytest

import netcore
from netcore_agents.aggregator.peers import assign_peers

DATA = Path(__file__).parents[2] / "shared/data"
PLANETLAB = DATA / "planetlab490_rtt_ms_slice01.npz"
SKYPLANE = DATA / "skyplane_2022_aws_azure_gcp_rtt_bw.csv"
ASSIGNMENTS = 5
K = 16
SERF = "Vivaldi with Serf's parameters, stated"


def measured_pairs(nodes):
    place = {node: index for index, node in enumerate(nodes)}
    peers = assign_peers(nodes, K)
    ends = np.array([(place[node], place[peer]) for node in nodes for peer in peers[node]])
    return np.ascontiguousarray(ends[:, 0]), np.ascontiguousarray(ends[:, 1])


def planetlab():
    if not PLANETLAB.exists():
        pytest.skip(f"no {PLANETLAB}: round-trip times between PlanetLab nodes")
    return np.load(PLANETLAB)["rtt_ms"]


def assignments(truth):
    for index in range(ASSIGNMENTS):
        nodes = [f"{index}-node-{node}" for node in range(len(truth))]
        origins, destinations = measured_pairs(nodes)
        yield nodes, origins, destinations, truth[origins, destinations]


def unseen_errors(fit, truth, origins, destinations):
    mask = ~np.eye(len(truth), dtype=bool)
    mask[origins, destinations] = mask[destinations, origins] = False
    return np.abs(fit.rtt_ms()[mask] - truth[mask]) / truth[mask]


def seconds(work):
    start = time.thread_time()
    work()
    return time.thread_time() - start


def test_errors(benchmark, report) -> None:
    truth = planetlab()

    def run():
        medians, tails = [], []
        for nodes, origins, destinations, rtt_ms in assignments(truth):
            fit = netcore.estimate(nodes, origins, destinations, rtt_ms)
            error = unseen_errors(fit, truth, origins, destinations)
            medians.append(np.median(error))
            tails.append(np.quantile(error, 0.9))
        return statistics.mean(medians), statistics.mean(tails)

    median, tail = benchmark.pedantic(run, rounds=1)
    name = "estimate, PlanetLab, 490 nodes, k = 16: {} relative error"
    report.row(
        name.format("median"),
        median,
        "",
        reference=SERF,
        reference_value=0.131,
        at_most=0.068,
    )
    report.row(
        name.format("90th percentile of the"),
        tail,
        "",
        reference=SERF,
        reference_value=0.75,
        at_most=0.26,
    )


def test_errors_with_wrong_measurements(benchmark, report) -> None:
    truth = planetlab()

    def run():
        medians = []
        for index, (nodes, origins, destinations, rtt_ms) in enumerate(assignments(truth)):
            is_wrong = np.random.default_rng(index).random(len(rtt_ms)) < 0.05
            rtt_ms[is_wrong] *= 5
            fit = netcore.estimate(nodes, origins, destinations, rtt_ms)
            medians.append(np.median(unseen_errors(fit, truth, origins, destinations)))
        return statistics.mean(medians)

    report.row(
        "estimate, 5 % of the measured pairs fivefold: median relative error",
        benchmark.pedantic(run, rounds=1),
        "",
        reference=SERF,
        reference_value=0.479,
        at_most=0.072,
    )


def test_time_of_a_fit(benchmark, report) -> None:
    nodes, origins, destinations, rtt_ms = next(assignments(planetlab()))
    fit = netcore.estimate(nodes, origins, destinations, rtt_ms)

    def run():
        cold, warm = [], []
        for _ in range(5):
            cold.append(seconds(lambda: netcore.estimate(nodes, origins, destinations, rtt_ms)))
            warm += [seconds(lambda: fit.refit(origins, destinations, rtt_ms)) for _ in range(3)]
        return statistics.median(cold), statistics.median(warm)

    cold, warm = benchmark.pedantic(run, rounds=1)
    report.row("estimate, fit of 490 nodes", cold, "s", at_most=0.4)
    report.row(
        "estimate, refit of 490 nodes",
        warm,
        "s",
        reference="a fit from nothing",
        reference_value=cold,
        ratio_at_most=0.1,
    )
    report.row(
        "estimate, matrix of 490 nodes",
        min(seconds(fit.rtt_ms) for _ in range(5)),
        "s",
        at_most=0.1,
    )


def test_time_of_a_large_fit(benchmark, report) -> None:
    random = np.random.default_rng(1)
    nodes = [f"node-{index}" for index in range(5000)]
    origins, destinations = measured_pairs(nodes)
    at, height = random.normal(size=(5000, 3)) * 60, random.exponential(5, 5000)
    distance = np.linalg.norm(at[origins] - at[destinations], axis=1)
    way = distance + height[origins] + height[destinations]

    def measured():
        return (way * np.exp(random.normal(size=len(way)) * 0.05)).astype(np.float32)

    def run():
        first, warm = measured(), []
        cold = seconds(lambda: netcore.estimate(nodes, origins, destinations, first))
        fit = netcore.estimate(nodes, origins, destinations, first)
        for _ in range(3):
            newer = measured()
            warm.append(seconds(lambda rtt_ms=newer: fit.refit(origins, destinations, rtt_ms)))
        return cold, statistics.median(warm)

    cold, warm = benchmark.pedantic(run, rounds=1)
    report.row("estimate, fit of 5,000 synthetic nodes", cold, "s", at_most=8)
    report.row(
        "estimate, refit of 5,000 synthetic nodes",
        warm,
        "s",
        reference="a fit from nothing",
        reference_value=cold,
        ratio_at_most=0.1,
    )


def test_bandwidth(benchmark, report) -> None:
    if not SKYPLANE.exists():
        pytest.skip(f"no {SKYPLANE}: throughputs between regions of three clouds")
    rows = [line.split(",") for line in SKYPLANE.read_text().split()[1:]]
    paths = {
        (row[0], row[2]): float(row[8]) * 1e9
        for row in rows
        if row[1] == row[3] == "PREMIUM" and row[0] != row[2] and row[8] and float(row[8]) > 0
    }
    regions = sorted({end for ends in paths for end in ends})
    truth = np.full((len(regions),) * 2, np.nan)
    for (origin, destination), value in paths.items():
        truth[regions.index(origin), regions.index(destination)] = value

    def run():
        medians, tails = [], []
        for seed in range(ASSIGNMENTS):
            random = np.random.default_rng(seed)
            known = [random.permutation(np.flatnonzero(np.isfinite(row)))[:K] for row in truth]
            origins = np.repeat(np.arange(len(regions)), [len(row) for row in known])
            destinations = np.concatenate(known)
            fit = netcore.estimate_bandwidth(
                regions, origins, destinations, truth[origins, destinations], seed=seed
            )
            mask = np.isfinite(truth)
            mask[origins, destinations] = False
            error = np.abs(fit.bandwidth_bps()[mask] - truth[mask]) / truth[mask]
            medians.append(np.median(error))
            tails.append(np.quantile(error, 0.9))
        return statistics.mean(medians), statistics.mean(tails)

    median, tail = benchmark.pedantic(run, rounds=1)
    name = "bandwidth (coarse), cloud regions, 16 paths each: {} relative error"
    plain = "row and column model, stated"
    report.row(
        name.format("median"), median, "", reference=plain, reference_value=0.204, at_most=0.2
    )
    report.row(
        name.format("90th percentile of the"),
        tail,
        "",
        reference=plain,
        reference_value=0.59,
        at_most=0.6,
    )
