"""MQTT topics: `netcore/v1/<cluster>/<node>/<kind>`.

`<node>` is the MQTT user name (the CN of a client certificate), so that a broker's access rules
can hold each node to its own topics: a node writes `status` and `report` and reads `peers`; the
aggregator does the reverse.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from netcore_agents.wire._errors import WireError
from netcore_agents.wire._fields import is_node_name

Kind = Literal["status", "report", "peers"]

_ROOT: Final = "netcore/v1"
_CLUSTER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)
_KINDS: Final[dict[str, Kind]] = {"status": "status", "report": "report", "peers": "peers"}


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one cluster.

    Raises:
        WireError: The cluster's name does not fit into a topic.
    """

    cluster: str

    def __post_init__(self) -> None:
        if not _CLUSTER.fullmatch(self.cluster):
            raise WireError("cluster", "1 to 63 letters, digits, dots, dashes, underscores")

    def status(self, node: str) -> str:
        """Where a node says that it is there; retained."""
        return f"{_ROOT}/{self.cluster}/{node}/status"

    def report(self, node: str) -> str:
        """Where a node says what it measured."""
        return f"{_ROOT}/{self.cluster}/{node}/report"

    def peers(self, node: str) -> str:
        """Where a node is told whom to probe; retained."""
        return f"{_ROOT}/{self.cluster}/{node}/peers"

    def from_agents(self) -> tuple[str, str]:
        """Topic filters of everything that the cluster's agents say."""
        return f"{_ROOT}/{self.cluster}/+/status", f"{_ROOT}/{self.cluster}/+/report"

    def parse(self, topic: str) -> tuple[str, Kind]:
        """Tell a topic's node and kind.

        Raises:
            WireError: It is not one of this cluster's topics.
        """
        prefix = f"{_ROOT}/{self.cluster}/"
        levels = topic.removeprefix(prefix).split("/")
        if not topic.startswith(prefix) or len(levels) != 2 or levels[1] not in _KINDS:
            raise WireError("topic", f"{topic[:128]!r} is not {prefix}NODE/KIND")
        node, kind = levels
        if not is_node_name(node):
            raise WireError("topic", f"{node[:64]!r} is no node name (DNS subdomain, lower case)")
        return node, _KINDS[kind]
