"""When a packet leaves a link, if it does: bandwidth, delay, jitter, loss, a full queue. Pure."""

import random

from netcore_lab.topology import LinkModel


class Link:
    """One direction between two nodes.

    Packets wait for their turn at the link's bandwidth, then for its delay; a burst longer than
    the queue is cut. Jitter never puts a packet before one that was sent earlier: order is kept,
    as on one path it mostly is.

    Args:
        model: What the link does.
        rng: Source of loss and jitter.
        queue_s: Longest wait for a turn, seconds; what would wait longer is dropped.
    """

    def __init__(self, model: LinkModel, rng: random.Random, *, queue_s: float = 0.25) -> None:
        self._model = model
        self._rng = rng
        self._queue_s = queue_s
        self._free_at = float("-inf")
        self._last_departure = float("-inf")

    def admit(self, size_bytes: int, arrival: float) -> float | None:
        """Take in a packet.

        Args:
            size_bytes: Of the datagram.
            arrival: Seconds of a monotonic clock.

        Returns:
            When it leaves, on the same clock; None where it is lost.
        """
        if self._model.loss and self._rng.random() < self._model.loss:
            return None
        start = max(arrival, self._free_at)
        if start - arrival > self._queue_s:
            return None
        self._free_at = start + size_bytes * 8 / self._model.bandwidth_bps
        delay = self._model.delay_s
        if self._model.jitter_s:
            delay = max(0.0, self._rng.gauss(delay, self._model.jitter_s))
        self._last_departure = max(self._last_departure, self._free_at + delay)
        return self._last_departure
