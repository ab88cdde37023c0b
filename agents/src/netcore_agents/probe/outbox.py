"""Reports that wait for the broker: bounded, the oldest given up first, and counted."""

from collections import deque


class Outbox:
    """Encoded reports in order.

    Args:
        reports: The most that wait.
        size: The most that they may weigh together, in bytes.

    Attributes:
        dropped: Reports given up so far.
    """

    def __init__(self, *, reports: int, size: int) -> None:
        self.dropped = 0
        self._reports = reports
        self._limit = size
        self._size = 0
        self._waiting: deque[tuple[int, bytes]] = deque()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, sequence: int, payload: bytes) -> int:
        """Add a report; return how many had to be given up for it."""
        self._waiting.append((sequence, payload))
        self._size += len(payload)
        given_up = 0
        while len(self._waiting) > self._reports or (
            self._size > self._limit and len(self._waiting) > 1
        ):
            self._size -= len(self._waiting.popleft()[1])
            given_up += 1
        self.dropped += given_up
        return given_up

    def first(self) -> tuple[int, bytes] | None:
        """The oldest report and its sequence number; it stays until `done`."""
        return self._waiting[0] if self._waiting else None

    def done(self, sequence: int) -> None:
        """Forget a report that the broker has acknowledged; it may have been given up meanwhile."""
        if self._waiting and self._waiting[0][0] == sequence:
            self._size -= len(self._waiting.popleft()[1])
