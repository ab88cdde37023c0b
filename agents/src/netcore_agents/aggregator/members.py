"""Which nodes there are: who is online at which address, and where each stands."""

from dataclasses import dataclass
from typing import Final

from netcore_agents.wire import Status

# An agent that restarts is back within seconds: its peers need not change for that.
_ABSENCE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Place:
    """A Node of the cluster.

    Attributes:
        uid: Of the Node.
        region: Its label `topology.kubernetes.io/region`, or empty.
        zone: Its label `topology.kubernetes.io/zone`, or empty.
    """

    uid: str
    region: str
    zone: str


@dataclass(slots=True)
class _Presence:
    status: Status
    left_s: float | None


class Members:
    """Agents by their births and wills, Nodes by the cluster's word.

    Attributes:
        places: Nodes of the cluster; empty without Kubernetes.
    """

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self._present: dict[str, _Presence] = {}

    def __contains__(self, node: object) -> bool:
        return node in self.places or node in self._present

    @property
    def known(self) -> frozenset[str]:
        """Nodes that exist: a Node, or an agent that was heard of."""
        return frozenset(self.places) | frozenset(self._present)

    @property
    def online(self) -> int:
        """How many agents are there."""
        return sum(presence.left_s is None for presence in self._present.values())

    def boot(self, node: str) -> str:
        """Start of the agent that the node last told of; empty where there was none."""
        return self._present[node].status.boot if node in self._present else ""

    def is_online(self, node: str) -> bool:
        """Whether the node's agent is there."""
        return node in self._present and self._present[node].left_s is None

    def hear(self, status: Status, now_s: float) -> bool:
        """Take in a birth or a will; return whether it changed anything.

        A will counts only if it belongs to the newest session: one of a session, or of a start
        of the agent, that was replaced comes late and says nothing.
        """
        known = self._present.get(status.node)
        if known is None:
            self._present[status.node] = _Presence(status, None if status.online else now_s)
            return True
        held = known.status
        if held.boot == status.boot:
            if status.session < held.session:
                return False
        elif not status.online:
            return False
        if not status.online and known.left_s is not None:
            return False
        changed = status.online != (known.left_s is None) or status.address != held.address
        known.status = status
        known.left_s = None if status.online else now_s
        return changed or held.boot != status.boot

    def probed(self, now_s: float) -> dict[str, str]:
        """Nodes that take part in the measuring, and the addresses at which they are probed."""
        return {
            node: presence.status.address
            for node, presence in sorted(self._present.items())
            if presence.left_s is None or now_s - presence.left_s < _ABSENCE_S
        }
