"""Percentiles of a few hundred samples, without numpy."""

from collections.abc import Sequence


def percentile(ordered: Sequence[int], share: float) -> float:
    """Return the value below which `share` of the samples lie, interpolated between neighbours.

    Args:
        ordered: Samples in ascending order, at least one.
        share: 0 to 1, both included.

    Source: Hyndman and Fan (1996), definition 7, which is numpy's default.
    """
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def interquartile_range(ordered: Sequence[int]) -> float:
    """Return the spread of the middle half: this is what netcore calls jitter.

    Unlike a standard deviation it does not move when one sample in ten is an outlier, and unlike
    the jitter of RFC 3550 it does not depend on the order of the samples.
    """
    return percentile(ordered, 0.75) - percentile(ordered, 0.25)
