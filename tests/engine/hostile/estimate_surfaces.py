"""What a caller can do to the estimation of round-trip times and bandwidths."""

import math
from typing import Any

import numpy as np

import netcore
from engine.hostile.case import Case
from engine.hostile.registry import surface
from engine.hostile.values import Source
from engine.hostile.world import NODES, World

ORIGINS = np.array([0, 1, 2, 3], "i8")
DESTINATIONS = np.array([1, 2, 3, 4], "i8")
RTT_MS = np.array([1, 2, 80, 4], "f4")
LONGEST_RTT_MS = 600_000.0
HEAVIEST = 1e6


def measurements(
    source: Source, dtype: str, *, low: float, high: float
) -> tuple[list[Any], bool | None]:
    """Nodes, ends and values, one of them spoilt; and whether they must be refused."""
    values = RTT_MS.astype(dtype)
    arguments: list[Any] = [NODES, ORIGINS, DESTINATIONS, values]
    spoilt = int(source.random.random() * len(arguments))
    if spoilt == 0:
        arguments[0], _ = source.sequence(NODES)
        if isinstance(arguments[0], list):
            # What thousands of nodes take in time is no matter of this.
            arguments[0] = arguments[0][:30]
        return arguments, None
    if spoilt == 3:
        arguments[3], good = source.array(values.shape, dtype, low=low, high=high)
        if good and np.isnan(arguments[3]).any():
            good = False
    else:
        arguments[spoilt], good = source.indices(len(values), len(NODES))
        # Drawn at random, both ends may be one node; and one type of places is taken alone.
        good = None if good else False
    return arguments, True if good is False else None


@surface("estimate", weight=2)
def estimate(source: Source, _: World) -> Case:
    arguments, fails = measurements(source, "f4", low=0.0, high=LONGEST_RTT_MS)
    named: dict[str, Any] = {}
    if source.happens(0.2):
        named["weights"], good = source.array((len(RTT_MS),), "f4", high=HEAVIEST)
        fails = True if good is False and named["weights"] is not None else fails
    if source.happens(0.2):
        named["seed"] = source.one_of((source.integer(), source.anything()))

    def wrong(fit: netcore.Estimate) -> str | None:
        return wrong_in_estimate(fit) or wrong_in_measured(
            fit, *arguments[1:], named.get("weights")
        )

    return Case(
        call=netcore.estimate, arguments=tuple(arguments), named=named, fails=fails, wrong=wrong
    )


@surface("Estimate.refit", weight=2)
def refit(source: Source, world: World) -> Case:
    arguments, fails = measurements(source, "f4", low=0.0, high=LONGEST_RTT_MS)
    named: dict[str, Any] = {}
    if source.happens(0.3) or arguments[0] is not NODES:
        named["nodes"] = arguments[0]
    if source.happens(0.2):
        named["weights"], good = source.array((len(RTT_MS),), "f4", high=HEAVIEST)
        fails = True if good is False and named["weights"] is not None else fails

    def wrong(fit: netcore.Estimate) -> str | None:
        return wrong_in_estimate(fit) or wrong_in_measured(
            fit, *arguments[1:], named.get("weights")
        )

    call = world.estimate.refit
    return Case(call=call, arguments=tuple(arguments[1:]), named=named, fails=fails, wrong=wrong)


@surface("Estimate.pair")
def pair(source: Source, world: World) -> Case:
    ends = [source.one_of((*NODES, source.text(), source.anything())) for _ in range(2)]
    good = all(isinstance(end, str) and end in NODES for end in ends)

    def wrong(told: tuple[float, float, str]) -> str | None:
        origin, destination = (NODES.index(end) for end in ends)
        rtt_ms = world.estimate.rtt_ms()[origin, destination]
        confidence = world.estimate.confidence()[origin, destination]
        same = np.array_equal(told[:2], [rtt_ms, confidence], equal_nan=True)
        return None if same and (told[2] == "same-node") == (origin == destination) else f"{told}"

    return Case(call=world.estimate.pair, arguments=tuple(ends), fails=not good, wrong=wrong)


def wrong_in_estimate(fit: netcore.Estimate, given: np.ndarray | None = None) -> str | None:
    """What is impossible in a fit, which keeps what is known in a matrix."""
    size = len(fit.nodes)
    rtt_ms, confidence = fit.rtt_ms(), fit.confidence()
    known = rtt_ms[~np.isnan(rtt_ms)]
    if rtt_ms.shape != (size, size) or not ((known >= 0) & np.isfinite(known)).all():
        return f"round-trip times {rtt_ms}"
    if rtt_ms.diagonal().any() or not ((confidence >= 0) & (confidence <= 1)).all():
        return f"confidence {confidence} of {rtt_ms}"
    if (np.isnan(rtt_ms) != (confidence == 0)).any() and (confidence[np.isnan(rtt_ms)] > 0).any():
        return f"confidence {confidence} of {rtt_ms}"
    if fit.coordinates_ms().shape != (size, 3) or fit.heights_ms().shape != (size,):
        return f"places {fit.coordinates_ms()}, heights {fit.heights_ms()}"
    if given is not None and (rtt_ms[~np.isnan(given)] != given[~np.isnan(given)]).any():
        return f"round-trip times {rtt_ms} of {given}"
    return None


def wrong_in_measured(
    fit: netcore.Estimate,
    origins: np.ndarray,
    destinations: np.ndarray,
    rtt_ms: np.ndarray,
    weights: np.ndarray | None,
) -> str | None:
    """Which pair that was measured once, and counts, is told otherwise."""
    ends = list(zip(origins.tolist(), destinations.tolist(), strict=True))
    found = fit.rtt_ms()
    for at, (origin, destination) in enumerate(ends):
        counts = weights is None or weights[at] > 0
        if counts and ends.count((origin, destination)) == 1:
            told = found[origin, destination]
            if told != rtt_ms[at]:
                return f"{origin} → {destination} takes {told} ms, measured {rtt_ms[at]}"
    return None


@surface("estimate_bandwidth", weight=2)
def estimate_bandwidth(source: Source, _: World) -> Case:
    arguments, fails = measurements(source, "f8", low=0.0, high=1e15)

    def wrong(found: netcore.BandwidthEstimate) -> str | None:
        bandwidth_bps = found.bandwidth_bps()
        known = bandwidth_bps[~np.isnan(bandwidth_bps)]
        if not ((known >= 0) & np.isfinite(known)).all():
            return f"bandwidths {bandwidth_bps}"
        for origin, destination, value in zip(*arguments[1:], strict=True):
            ends = (arguments[1] == origin) & (arguments[2] == destination)
            if ends.sum() == 1 and bandwidth_bps[origin, destination] != value:
                return f"{origin} → {destination} has {value}, told {bandwidth_bps}"
        error = found.held_out_error
        return None if error is None or math.isfinite(error) else f"an error of {error}"

    return Case(
        call=netcore.estimate_bandwidth, arguments=tuple(arguments), fails=fails, wrong=wrong
    )
