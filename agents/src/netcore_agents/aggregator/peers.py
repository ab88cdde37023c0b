"""Whom each node probes: fixed strides on a hashed ring.

The nodes stand on a ring in the order of their names' hashes; with stride s each probes the node s
places on. A stride is a permutation, so each of k strides gives every node one more peer and one
more prober: nobody is probed more than others. The strides are pseudo-random, not 1 to k: random
partners fix a coordinate system three times better than near ones do, for the same number of
probes (PlanetLab, 490 nodes, k = 10: median error of 0.078 against 0.222).
"""

import hashlib
from collections.abc import Iterable
from typing import Final

# Drawn once for all clusters: the same nodes get the same peers, whoever computes them.
_SALT: Final = b"netcore strides 1"


def assign_peers(nodes: Iterable[str], k: int) -> dict[str, tuple[str, ...]]:
    """Return each node's peers, sorted: k of them, or all others where there are no more.

    Args:
        nodes: Names, in any order.
        k: Peers a node, at least 1.

    Complexity:
        O(N·k + N·log N).
    """
    ring = sorted(set(nodes), key=lambda node: (_digest(node.encode()), node))
    count = len(ring)
    strides = _strides(count, k)
    return {
        node: tuple(sorted(ring[(place + stride) % count] for stride in strides))
        for place, node in enumerate(ring)
    }


def _strides(count: int, k: int) -> list[int]:
    """Choose k of the strides 1 to count-1 at random, first those that measure new pairs.

    Strides s and count-s join the same pairs, the other way round.
    """
    drawn = sorted(range(1, count), key=lambda stride: _digest(_SALT + stride.to_bytes(4)))
    chosen: list[int] = []
    doubling: list[int] = []
    seen: set[int] = set()
    for stride in drawn:
        pair = min(stride, count - stride)
        (doubling if pair in seen else chosen).append(stride)
        seen.add(pair)
    return (chosen + doubling)[:k]


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=8).digest()
