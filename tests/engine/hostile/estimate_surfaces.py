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


@surface(1)
def estimate(source: Source, _: World) -> Case:
    arguments, fails = measurements(source, "f4", low=0.0, high=LONGEST_RTT_MS)
    named: dict[str, Any] = {}
    if source.happens(0.2):
        named["weights"], good = source.array((len(RTT_MS),), "f4", high=HEAVIEST)
        fails = True if good is False and named["weights"] is not None else fails
    if source.happens(0.2):
        named["seed"] = source.one_of((source.integer(), source.anything()))

    def wrong(found: netcore.Estimate) -> str | None:
        rtt_ms, confidence = found.rtt_ms(), found.confidence()
        known = rtt_ms[~np.isnan(rtt_ms)]
        if not ((known >= 0) & np.isfinite(known)).all():
            return f"round-trip times {rtt_ms}"
        if not ((confidence >= 0) & (confidence <= 1)).all():
            return f"confidence {confidence}"
        return None

    return Case(
        call=netcore.estimate, arguments=tuple(arguments), named=named, fails=fails, wrong=wrong
    )


@surface(1)
def estimate_bandwidth(source: Source, _: World) -> Case:
    arguments, fails = measurements(source, "f8", low=0.0, high=1e15)

    def wrong(found: netcore.BandwidthEstimate) -> str | None:
        bandwidth_bps = found.bandwidth_bps()
        known = bandwidth_bps[~np.isnan(bandwidth_bps)]
        if not ((known >= 0) & np.isfinite(known)).all():
            return f"bandwidths {bandwidth_bps}"
        error = found.held_out_error
        return None if error is None or math.isfinite(error) else f"an error of {error}"

    return Case(
        call=netcore.estimate_bandwidth, arguments=tuple(arguments), fails=fails, wrong=wrong
    )
