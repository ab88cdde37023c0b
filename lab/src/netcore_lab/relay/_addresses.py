"""Loopback addresses for the nodes of a relay, that nobody else on this machine uses."""

import contextlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Final

_PORT: Final = 8620
# 127.96.0.0 to 127.127.255.255: networks of 1,024 addresses, half of them public.
_FIRST: Final = int(IPv4Address("127.96.0.0"))
_NETWORK: Final = 1024
_NETWORKS: Final = (32 << 16) // _NETWORK
_MOST_NODES: Final = _NETWORK // 2 - 2


class AddressesTakenError(OSError):
    """No free loopback network was found."""


@dataclass(frozen=True, slots=True)
class NodeAddresses:
    """Where the agent of a node binds, and where others reach it."""

    name: str
    agent: tuple[str, int]
    public: tuple[str, int]


def claim_addresses(
    names: Sequence[str], *, start: int
) -> tuple[list[NodeAddresses], list[socket.socket]]:
    """Find a free loopback network and bind the public addresses in it.

    Args:
        names: Nodes, in order.
        start: Where to begin to look; give different programs different numbers.

    Returns:
        The addresses, and the bound public sockets in the same order.

    Raises:
        AddressesTakenError: All networks are taken, or the system has but one loopback address.
        ValueError: More nodes than a network has addresses.
    """
    if len(names) > _MOST_NODES:
        raise ValueError(f"a relay serves {_MOST_NODES} nodes at most, not {len(names)}")
    for attempt in range(_NETWORKS):
        base = _FIRST + (start + attempt) % _NETWORKS * _NETWORK
        nodes = [
            NodeAddresses(
                name,
                (str(IPv4Address(base + 1 + index)), _PORT),
                (str(IPv4Address(base + _NETWORK // 2 + 1 + index)), _PORT),
            )
            for index, name in enumerate(names)
        ]
        with contextlib.suppress(OSError):
            return nodes, _bind_public(nodes)
    raise AddressesTakenError(
        "no free network in 127.96.0.0/11: on systems with one loopback address, add more to lo"
    )


def _bind_public(nodes: Sequence[NodeAddresses]) -> list[socket.socket]:
    """Bind all public addresses, having seen that all agent addresses are free."""
    with contextlib.ExitStack() as stack:
        for node in nodes:
            stack.enter_context(_bound(node.agent))
        with contextlib.ExitStack() as kept:
            public = [kept.enter_context(_bound(node.public)) for node in nodes]
            kept.pop_all()
            return public


def _bound(address: tuple[str, int]) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        sock.bind(address)
    except OSError:
        sock.close()
        raise
    return sock
