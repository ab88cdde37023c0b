"""An emulated network from a file: nodes in zones and regions, and the links between them.

The same model drives the relay, which makes packets wait, and judges placements, as the truth.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from netcore_lab.evaluate import Network


class TopologyError(ValueError):
    """A topology file says something that it must not; the message gives the path in it."""


@dataclass(frozen=True, slots=True)
class EmulatedNode:
    """A node and where it stands.

    Attributes:
        access_ms: Its last mile: added to the RTT of each of its links, in ms.
        capacity: Resource → quantity.
    """

    name: str
    region: str
    zone: str
    access_ms: float
    capacity: dict[str, str]


@dataclass(frozen=True, slots=True)
class LinkModel:
    """What happens to a packet on its way from one node to another.

    Attributes:
        delay_s: One-way delay without jitter, seconds.
        jitter_s: Standard deviation of the delay, seconds.
        loss: Share of packets that are dropped, 0 to 1.
        bandwidth_bps: Bits a second.
    """

    delay_s: float
    jitter_s: float
    loss: float
    bandwidth_bps: float


@dataclass(frozen=True, slots=True)
class EmulatedTopology:
    """Nodes in order, and the links between all of them."""

    nodes: tuple[EmulatedNode, ...]
    same_zone: LinkModel
    same_region: LinkModel
    regions: dict[frozenset[str], LinkModel]

    def link(self, origin: int, destination: int) -> LinkModel:
        """The link from one node to another, by position; both directions are alike."""
        here, there = self.nodes[origin], self.nodes[destination]
        if here.zone == there.zone:
            base = self.same_zone
        elif here.region == there.region:
            base = self.same_region
        else:
            base = self.regions[frozenset((here.region, there.region))]
        access_s = (here.access_ms + there.access_ms) / 2000
        return LinkModel(base.delay_s + access_s, base.jitter_s, base.loss, base.bandwidth_bps)

    def network(self) -> Network:
        """The true round-trip times."""
        count = len(self.nodes)
        rtt_ms = np.zeros((count, count))
        for origin in range(count):
            for destination in range(count):
                if origin != destination:
                    rtt_ms[origin, destination] = 2000 * self.link(origin, destination).delay_s
        return Network(
            nodes=tuple(node.name for node in self.nodes),
            regions=tuple(node.region for node in self.nodes),
            rtt_ms=rtt_ms,
        )


def load_topology(path: str | Path | None = None) -> EmulatedTopology:
    """Read a topology file.

    Args:
        path: YAML or JSON; None is the one that comes with the lab, twelve nodes in three regions.

    Raises:
        TopologyError: The file cannot be read, or says something that it must not.
    """
    shown = "three-regions.yaml" if path is None else str(path)
    try:
        text = (
            (files("netcore_lab") / "topologies" / shown).read_text("utf-8")
            if path is None
            else Path(path).read_text("utf-8")
        )
        document = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise TopologyError(f"{shown}: {error}") from error
    try:
        return _topology(document)
    except TopologyError as error:
        raise TopologyError(f"{shown}: {error}") from error


def _topology(document: Any) -> EmulatedTopology:
    top = _mapping(document, "file", required={"nodes", "links"}, optional={"capacity"})
    capacity = {"cpu": "1", "memory": "2Gi", "pods": "32"} | {
        str(key): str(value) for key, value in (top.get("capacity") or {}).items()
    }
    nodes = tuple(_node(item, index, capacity) for index, item in enumerate(top["nodes"]))
    if len({node.name for node in nodes}) != len(nodes):
        raise TopologyError("nodes: a name stands twice")
    if len(nodes) < 2:
        raise TopologyError("nodes: at least two are needed")
    links = _mapping(
        top["links"], "links", required={"same_zone", "same_region"}, optional={"regions"}
    )
    regions = {}
    for index, item in enumerate(links.get("regions") or []):
        path = f"links.regions[{index}]"
        pair = item.get("between") if isinstance(item, Mapping) else None
        if not isinstance(pair, list) or len(set(map(str, pair))) != 2:
            raise TopologyError(f"{path}.between: must name two regions")
        figures = {key: value for key, value in item.items() if key != "between"}
        regions[frozenset(map(str, pair))] = _link(figures, path)
    present = sorted({node.region for node in nodes})
    for first in present:
        for second in present:
            if first < second and frozenset((first, second)) not in regions:
                raise TopologyError(f"links.regions: nothing between {first} and {second}")
    return EmulatedTopology(
        nodes=nodes,
        same_zone=_link(links["same_zone"], "links.same_zone"),
        same_region=_link(links["same_region"], "links.same_region"),
        regions=regions,
    )


def _node(item: Any, index: int, capacity: dict[str, str]) -> EmulatedNode:
    path = f"nodes[{index}]"
    found = _mapping(
        item, path, required={"name", "region", "zone"}, optional={"access_ms", "capacity"}
    )
    return EmulatedNode(
        name=str(found["name"]),
        region=str(found["region"]),
        zone=str(found["zone"]),
        access_ms=_number(found.get("access_ms", 0.0), f"{path}.access_ms"),
        capacity=capacity | {str(k): str(v) for k, v in (found.get("capacity") or {}).items()},
    )


def _link(item: Any, path: str) -> LinkModel:
    found = _mapping(
        item, path, required={"rtt_ms"}, optional={"jitter_ms", "loss", "bandwidth_mbps"}
    )
    loss = _number(found.get("loss", 0.0), f"{path}.loss")
    if loss > 1:
        raise TopologyError(f"{path}.loss: {loss} is more than all packets; it goes from 0 to 1")
    bandwidth = _number(found.get("bandwidth_mbps", 1000.0), f"{path}.bandwidth_mbps")
    if not bandwidth:
        raise TopologyError(f"{path}.bandwidth_mbps: must be more than 0")
    # The file speaks of round trips: each way takes half of the delay; the jitters of the two
    # ways are independent, so their variances add up.
    return LinkModel(
        delay_s=_number(found["rtt_ms"], f"{path}.rtt_ms") / 2000,
        jitter_s=_number(found.get("jitter_ms", 0.0), f"{path}.jitter_ms") / 1000 / 2**0.5,
        loss=loss,
        bandwidth_bps=bandwidth * 1e6,
    )


def _mapping(value: Any, path: str, *, required: set[str], optional: set[str]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise TopologyError(f"{path}: must be a mapping")
    if missing := required - value.keys():
        raise TopologyError(f"{path}: lacks {', '.join(sorted(missing))}")
    if unknown := value.keys() - required - optional:
        raise TopologyError(f"{path}: unknown key {min(map(str, unknown))!r}")
    return dict(value)


def _number(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise TopologyError(f"{path}: must be a number of 0 or more, not {value!r}")
    return float(value)
