"""What the aggregator's core takes in, and what it asks for."""

from dataclasses import dataclass
from typing import Literal

from netcore_agents.aggregator.costs import Costs
from netcore_agents.aggregator.intake import Refusal
from netcore_agents.aggregator.members import Place
from netcore_agents.aggregator.publication import Row
from netcore_agents.aggregator.rejections import Rejected
from netcore_agents.wire import PeerAssignment


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, by two clocks: microseconds since 1970, and seconds that never jump."""

    wall_us: int
    steady_s: float


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A message of the broker."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class ReportPosted:
    """A report over HTTP from whom a token proved to be `sender`."""

    sender: str
    payload: bytes
    form: Literal["msgpack", "json"]


@dataclass(frozen=True, slots=True)
class NodeSeen:
    """A Node of the cluster is there, or has changed."""

    node: str
    place: Place


@dataclass(frozen=True, slots=True)
class NodeGone:
    """A Node of the cluster was deleted."""

    node: str


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed.

    Attributes:
        can_write: Whether there is a cluster to write to.
    """

    can_write: bool


@dataclass(frozen=True, slots=True)
class RowWritten:
    """A row was written, or that failed."""

    row: Row
    succeeded: bool


@dataclass(frozen=True, slots=True)
class CostsWritten:
    """The costs were written, or that failed."""

    costs: Costs
    succeeded: bool


Event = MessageArrived | ReportPosted | NodeSeen | NodeGone | Tick | RowWritten | CostsWritten


@dataclass(frozen=True, slots=True)
class TellPeers:
    """Tell an agent whom to probe."""

    assignment: PeerAssignment


@dataclass(frozen=True, slots=True)
class WriteRow:
    """Write what a node measured, and say how it went with `RowWritten`."""

    row: Row
    place: Place


@dataclass(frozen=True, slots=True)
class WriteCosts:
    """Write the costs between zones and regions, and say how it went with `CostsWritten`."""

    costs: Costs


@dataclass(frozen=True, slots=True)
class ReportJudged:
    """What became of a report: rows taken, rows dropped, and why it was refused as a whole."""

    accepted: int
    dropped: int
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class TellRejected:
    """Log what was refused."""

    rejected: Rejected


Action = TellPeers | WriteRow | WriteCosts | ReportJudged | TellRejected
