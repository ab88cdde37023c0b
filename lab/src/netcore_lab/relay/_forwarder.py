"""The relay's loop: packets in, each kept until its time, packets out.

One thread and `select`, which waits in microseconds: an event loop over epoll rounds each wait up
to a millisecond, more than many of the links here are long. Delays count from the moment the
kernel got the packet, so a busy machine does not add to them what it takes to wake this thread.
"""

import heapq
import itertools
import random
import select
import socket
import struct
import time
from collections.abc import Sequence
from typing import Final

from netcore_lab.relay._addresses import NodeAddresses
from netcore_lab.relay._link import Link
from netcore_lab.topology import EmulatedTopology

# Linux: asm-generic/socket.h; Python has no names for them.
_SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = struct.Struct("@ll")
_LARGEST: Final = 65535
# The loop looks up at least so often, to see whether it is to stop.
_IDLE_S: Final = 0.2
_BATCH: Final = 64


class Forwarder:
    """Forwards packets between agents as the topology's links want it.

    Args:
        topology: What the links do.
        nodes: Addresses of the nodes, in the topology's order.
        public: Their bound public sockets.
        seed: Of loss and jitter.

    Attributes:
        forwarded: Packets sent on.
        dropped: Packets lost by a link, or from an unknown sender.
    """

    def __init__(
        self,
        topology: EmulatedTopology,
        nodes: Sequence[NodeAddresses],
        public: Sequence[socket.socket],
        *,
        seed: int,
    ) -> None:
        self.forwarded = 0
        self.dropped = 0
        self._public = public
        self._agents = [node.agent for node in nodes]
        self._position = {node.agent[0]: index for index, node in enumerate(nodes)}
        self._links = {
            (origin, destination): Link(
                topology.link(origin, destination), random.Random(f"{seed}/{origin}/{destination}")
            )
            for origin in range(len(nodes))
            for destination in range(len(nodes))
            if origin != destination
        }
        self._waiting: list[tuple[float, int, int, int, bytes]] = []
        self._number = itertools.count()
        self._stopping = False
        for sock in public:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)

    def stop(self) -> None:
        """End the loop soon; safe from a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Forward until stopped."""
        position = {sock.fileno(): index for index, sock in enumerate(self._public)}
        descriptors = list(position)
        while not self._stopping:
            readable, _, _ = select.select(descriptors, [], [], self._wait_s())
            for descriptor in readable:
                self._receive(position[descriptor])
            self._send_due()

    def _wait_s(self) -> float:
        if not self._waiting:
            return _IDLE_S
        return min(_IDLE_S, max(0.0, self._waiting[0][0] - time.monotonic()))

    def _receive(self, destination: int) -> None:
        sock = self._public[destination]
        for _ in range(_BATCH):
            try:
                payload, ancillary, _, sender = sock.recvmsg(_LARGEST, 64)
            except BlockingIOError:
                return
            origin = self._position.get(sender[0])
            link = None if origin is None else self._links.get((origin, destination))
            leaves_at = None if link is None else link.admit(len(payload), _arrival(ancillary))
            if origin is None or leaves_at is None:
                self.dropped += 1
                continue
            heapq.heappush(
                self._waiting, (leaves_at, next(self._number), origin, destination, payload)
            )

    def _send_due(self) -> None:
        now = time.monotonic()
        while self._waiting and self._waiting[0][0] <= now:
            _, _, origin, destination, payload = heapq.heappop(self._waiting)
            try:
                self._public[origin].sendto(payload, self._agents[destination])
            except OSError:
                # Its agent is gone, or the socket's buffer is full: a packet is lost, as in life.
                self.dropped += 1
            else:
                self.forwarded += 1


def _arrival(ancillary: Sequence[tuple[int, int, bytes]]) -> float:
    """When the kernel got the packet, on the monotonic clock; now, where it does not say."""
    now = time.monotonic()
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) >= _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack_from(data)
            waited = time.time() - (seconds + nanoseconds / 1e9)
            # A stepped wall clock must not reach the emulation.
            return now - waited if 0 <= waited < 1 else now
    return now
