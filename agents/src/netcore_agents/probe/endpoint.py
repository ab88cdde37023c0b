"""The UDP socket: packets out, packets in with the time at which the kernel saw them.

asyncio's datagram transport hides the kernel's time stamps, so this reads the socket itself. A
stamp tells when a packet arrived, however long the process slept before it looked: without it a
busy node reports its own scheduling delay as network delay.
"""

import asyncio
import contextlib
import logging
import socket
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable
from ipaddress import ip_address
from types import TracebackType
from typing import Final, Self

from netcore_agents.probe.packet import SIZE, encode_probe, encode_reply
from netcore_agents.probe.prober import Instant, SendProbe, SendReply

log = logging.getLogger(__name__)

# Linux' number on all architectures but a few historic ones; Python has no name for it. Where the
# kernel does not know it, or answers in another form, the time of reading counts instead.
_SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = struct.Struct("@ll")
_NS: Final = 1_000_000_000
# Packets read at once, so that a flood cannot keep the loop from its other work.
_BATCH: Final = 64

Handler = Callable[[bytes, tuple[str, int], Instant], None]


class Endpoint:
    """A bound socket for probes and replies.

    Args:
        address: IP and port to bind; port 0 lets the system choose.
        handle: Called with each packet, its source, and when it arrived.

    Attributes:
        errors: Failed sends, by cause.
        stamped: Packets that carried the kernel's time.
    """

    def __init__(self, address: tuple[str, int], handle: Handler) -> None:
        self.errors: Counter[str] = Counter()
        self.stamped = 0
        self._handle = handle
        family = socket.AF_INET6 if ip_address(address[0]).version == 6 else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            self._socket.bind(address)
            if sys.platform == "linux":
                with contextlib.suppress(OSError):
                    self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        except OSError:
            self._socket.close()
            raise

    @property
    def address(self) -> tuple[str, int]:
        """IP and port that it is bound to."""
        host, port, *_ = self._socket.getsockname()
        return host, port

    def __enter__(self) -> Self:
        asyncio.get_running_loop().add_reader(self._socket, self._read)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def send_probe(self, action: SendProbe) -> tuple[int, Instant] | None:
        """Stamp and send a probe; return its stamp and when it left, or None where it could not."""
        now = instant()
        packet = encode_probe(action.sequence, now.wall_ns, action.session)
        return (now.wall_ns, now) if self._send(packet, action.destination) else None

    def send_reply(self, action: SendReply, *, received_ns: int) -> None:
        """Stamp and send a reply."""
        packet = encode_reply(
            action.probe,
            sequence=action.sequence,
            received_ns=received_ns,
            sent_ns=max(time.time_ns(), received_ns),
        )
        self._send(packet, action.destination)

    def _send(self, packet: bytes, destination: tuple[str, int]) -> bool:
        try:
            self._socket.sendto(packet, destination)
        except OSError as error:
            self.errors[error.strerror or type(error).__name__] += 1
            return False
        return True

    def _read(self) -> None:
        for _ in range(_BATCH):
            try:
                data, ancillary, _, source = self._socket.recvmsg(SIZE + 1, 64)
            except (BlockingIOError, InterruptedError):
                return
            except OSError as error:
                # An error of an earlier send, reported late; the socket itself goes on.
                self.errors[error.strerror or type(error).__name__] += 1
                return
            self._handle(data, (source[0], source[1]), self._arrival(ancillary))

    def _arrival(self, ancillary: list[tuple[int, int, bytes]]) -> Instant:
        """When a packet arrived, by both clocks.

        The kernel stamps with the wall clock, which may jump between a probe and its reply. The
        round trip is therefore taken on the monotonic clock, less the time that the packet waited
        in the socket: only that short time is taken on the wall clock.
        """
        now = instant()
        for level, kind, data in ancillary:
            if (
                level == socket.SOL_SOCKET
                and kind == _SO_TIMESTAMPNS
                and len(data) == _TIMESPEC.size
            ):
                seconds, nanos = _TIMESPEC.unpack(data)
                waited = now.wall_ns - (seconds * _NS + nanos)
                if 0 <= waited < _NS:
                    self.stamped += 1
                    return Instant(now.wall_ns - waited, now.steady_ns - waited)
        return now


def instant() -> Instant:
    """Now, by both clocks."""
    return Instant(time.time_ns(), time.monotonic_ns())
