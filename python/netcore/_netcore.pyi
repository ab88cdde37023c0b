"""The compiled engine. Import its names from `netcore`, never from here."""

from collections.abc import Sequence
from typing import Any, Literal, final

import numpy as np
import numpy.typing as npt

__all__ = [
    "AppGraph",
    "BandwidthEstimate",
    "ClusterState",
    "CostMatrix",
    "Decision",
    "Estimate",
    "GroupPlacement",
    "GroupPlan",
    "InvalidInputError",
    "NetcoreError",
    "Plan",
    "PodSummary",
    "Profile",
    "Scores",
    "Topology",
    "UnknownObjectError",
    "__version__",
    "estimate",
    "estimate_bandwidth",
    "place_group",
]

__version__: str

class NetcoreError(Exception):
    """Base of every error of the engine."""

class InvalidInputError(NetcoreError, ValueError):
    """An argument or object is not what it must be; the message names it and the remedy."""

class UnknownObjectError(NetcoreError, KeyError):
    """A pod, node or plugin that is not there."""

@final
class GroupPlan:
    """A plan for whole applications, and how it came about."""

    @property
    def plan(self) -> Plan:
        """The decisions, in the order in which they were carried out."""

    @property
    def objective(self) -> float:
        """What the plan costs.

        Each application has as much traffic as it has pods to place, split over its dependencies
        by weight and over the replicas at both ends evenly. A unit costs 1 less the utility of its
        link, by the cost policy of the profile's NetworkCost. To that comes for each pod at most
        0.05, by how far the other scores put its node behind the best.
        """

    @property
    def greedy_objective(self) -> float:
        """What the pods cost when they are placed one after another.

        Never less than `objective` where both leave equally many out.
        """

    @property
    def grouped(self) -> int:
        """Pods that were placed as a group. The others talk to nobody."""

    @property
    def unplaced(self) -> int:
        """Pods without a feasible node; their decisions say why."""

    @property
    def greedy_unplaced(self) -> int:
        """How many those are when pods are placed one after another; never fewer."""

    @property
    def repaired(self) -> int:
        """Pods that a filter kept from the node that the search had found for them."""

    def work(self) -> dict[str, float]:
        """What the search did.

        `{"starts", "steps", "taken", "rounds", "improvements", "search_s", "steps_per_s"}`:
        placements begun from, moves and swaps priced and those taken, rounds of ruin and recreate
        and how many led to a new best, seconds, and moves and swaps a second. A swap of annealing
        counts as the four prices that it takes.
        """

@final
class GroupPlacement:
    """Where the pods of a problem on arrays go."""

    def nodes(self) -> npt.NDArray[np.int64]:
        """The node of each pod, `int64[P]`; -1 for a pod that is left out."""

    @property
    def cost(self) -> float:
        """`Σ weights · costs` over the edges whose pods are both placed, and the extra costs."""

    @property
    def greedy_cost(self) -> float:
        """What the plain greedy placement costs.

        Never less than `cost` where both leave equally many out.
        """

    @property
    def greedy_unplaced(self) -> int:
        """How many pods the plain greedy placement leaves out."""

    def unplaced(self) -> list[dict[str, int]]:
        """The pods that are left out, and why.

        `{"pod", "forbidden", "full", "beyond"}`: on how many nodes the mask forbids it, on how many
        others there is no room, and from how many of the rest a placed peer is beyond its limit.
        """

    def work(self) -> dict[str, float]:
        """What the search did, as `GroupPlan.work` tells it."""

def place_group(
    costs: npt.NDArray[np.float32],
    capacities: npt.NDArray[np.int64],
    requests: npt.NDArray[np.int64],
    edges: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    *,
    max_costs: npt.NDArray[np.float32] | None = None,
    allowed: npt.NDArray[np.bool_] | None = None,
    extra_costs: npt.NDArray[np.float32] | None = None,
    fixed: npt.NDArray[np.int64] | None = None,
    seed: int = 0,
    deadline_ms: float | None = 50.0,
    max_steps: int | None = None,
) -> GroupPlacement:
    """Place P pods on N nodes at once, so that as many as can be are placed at the least cost.

    Multi-start greedy, local search over moves and swaps, then ruin and recreate for as long as
    there is time. Every hard constraint is kept; the outcome is never worse than the plain greedy
    placement, which puts each pod after its heaviest neighbour where it costs least. Arrays are
    copied; the GIL is released.

    Args:
        costs: `float32[N, N]`, `[origin, destination]`: a unit of traffic costs this; at least 0.
        capacities: `int64[N, R]`: the room of each node, in any units, -2**56 to 2**56; below 0 is
            none.
        requests: `int64[P, R]`: what each pod takes, 0 to 2**56. A resource of which each node has
            one keeps pods apart that all ask for it, as a host port does.
        edges: `int64[E, 2]`: pods that talk, from and to; both directions are two edges.
        weights: `float64[E]`: how much; 0 to 1e30.
        max_costs: `float32[E]`: an edge's pods are never on nodes whose link costs more; at least
            0, infinite is no limit.
        allowed: `bool[P, N]`: whether a pod may be on a node.
        extra_costs: `float32[P, N]`: what it costs to have a pod on a node; at least 0.
        fixed: `int64[P]`: the node of a pod that stays where it is and takes its requests there;
            -1 for one to be placed.
        seed: The same seed and `max_steps`, without a deadline, give the same placement.
        deadline_ms: When the search ends, 0 to 86,400,000; None is without end. The greedy
            placement is made in any case.
        max_steps: Moves and swaps that may be priced; None is without end.

    Raises:
        InvalidInputError: A shape or type, a value that is negative, infinite or NaN, a pod or node
            out of range, N · N, P · N or 2 · E above 2**27, or neither a deadline nor steps.
    """

@final
class PodSummary:
    """What a queue and a binding need to know of a pod; the rest stays in the engine."""

    @property
    def key(self) -> str:
        """`namespace/name`."""

    @property
    def uid(self) -> str:
        """`metadata.uid`: tells a pod from a later one of its name."""

    @property
    def resource_version(self) -> str:
        """Of the version that was taken in last."""

    @property
    def scheduler_name(self) -> str:
        """The scheduler that the pod names."""

    @property
    def priority(self) -> int:
        """Larger goes first."""

    @property
    def node_name(self) -> str | None:
        """The node it is bound to or assumed on."""

    @property
    def phase(self) -> str:
        """`Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`."""

    @property
    def app_group(self) -> str | None:
        """`namespace/name` of its AppGroup, from the pod's label; whether that exists or not."""

    @property
    def workload(self) -> str | None:
        """The workload of that AppGroup, from the pod's label."""

    @property
    def scheduling_gates(self) -> list[str]:
        """Names of the gates that hold the pod back."""

    @property
    def is_deleting(self) -> bool:
        """Whether its deletion has begun."""

    @property
    def is_assumed(self) -> bool:
        """Whether the engine placed it and its binding has not been seen."""

    @property
    def created_at(self) -> float:
        """Unix seconds."""

@final
class Profile:
    """One profile of a scheduler: its queue sort, filters and weighted scores, validated."""

    def __new__(cls, config: bytes) -> Profile:
        """Decode the normalised JSON form.

        `{"schedulerName", "queueSort": {"name", "args"}, "filters": [{"name", "args"}],
        "scores": [{"name", "weight", "args"}]}`; filters run in the order given.

        Raises:
            InvalidInputError: A plugin or argument is unknown or out of range.
        """

    @property
    def scheduler_name(self) -> str:
        """Pods that name it are placed by this profile."""

    @property
    def filters(self) -> list[str]:
        """Names, in the order in which they are asked."""

    @property
    def scores(self) -> list[str]:
        """Names, in the order of the configuration."""

@final
class Decision:
    """Where one pod goes, and why."""

    @property
    def pod(self) -> str:
        """`namespace/name`."""

    @property
    def node(self) -> str | None:
        """The best feasible node; None where there is none."""

    @property
    def message(self) -> str:
        """The text of the Scheduled or FailedScheduling event, as upstream words it."""

    @property
    def rejected_by(self) -> list[str]:
        """Plugins that rejected at least one node, sorted: which events can help."""

    @property
    def feasible(self) -> int:
        """How many nodes every filter lets through."""

    @property
    def evaluated(self) -> int:
        """How many nodes were looked at: all that there are."""

    def nodes(self) -> list[dict[str, Any]]:
        """Each node's verdict, sorted by name.

        `{"node", "accepted", "plugin", "reasons", "scores": {plugin: {"raw", "normalized",
        "weighted"}}, "total"}`; `plugin` is the first that rejects the node, `total` None then.

        Raises:
            InvalidInputError: The plan was made without `detail="full"`.
        """

    def codes(self) -> dict[str, str]:
        """Whether making room on a rejected node can help.

        Node → `Unschedulable`, where it can, or `UnschedulableAndUnresolvable`, where it cannot.

        Raises:
            InvalidInputError: The plan was made without `detail="full"`.
        """

    def summary(self) -> bytes:
        """The decision in compact JSON, under 4 kB.

        `{"pod", "node", "message", "snapshot", "seed", "evaluated", "feasible",
        "rejected": [{"plugin", "reason", "count", "nodes": [up to 3]}],
        "top": [{"node", "total", "scores": {plugin: [raw, normalized, weighted]}}],
        "links": [{"peer": workload, "pod", "direction": "to" | "from", "node", "weight",
        "rttMs", "cost", "source": "same-node" | "measured" | "declared" | "estimated" | "unknown",
        "ageSeconds"}], "runnerUpLinks": [...]}`; lists are cut at a stated length. By the policy
        `time` a link also has "msPerSecond".
        """

@final
class Plan:
    """The decisions of one batch, in the order in which the pods were placed."""

    @property
    def decisions(self) -> list[Decision]:
        """One of each pod."""

    @property
    def snapshot(self) -> int:
        """Generation of the cluster state that the plan started from."""

    @property
    def seed(self) -> int:
        """By which ties were broken."""

@final
class AppGraph:
    """Workloads and the directed, weighted dependencies between them."""

    @staticmethod
    def from_app_group(app_group: bytes) -> AppGraph:
        """Decode an AppGroup object (JSON).

        Raises:
            InvalidInputError: It does not decode, or is larger than any application.
        """

    @property
    def workloads(self) -> list[str]:
        """Workload selectors, as declared."""

    @property
    def problems(self) -> list[str]:
        """What is wrong in the object (a dependency on an unknown workload, a duplicate)."""

    def cycle(self) -> list[str]:
        """Workloads on one cycle, in its order; empty where there is none."""

    def order(
        self,
        algorithm: str,
    ) -> list[str]:
        """Workload selectors in the order of placement.

        Args:
            algorithm: TrafficSort, or one of Diktyo's: KahnSort, TarjanSort, ReverseKahn,
                ReverseTarjan, AlternateKahn, AlternateTarjan.

        Raises:
            InvalidInputError: The algorithm is unknown, or needs a graph without cycles and
                this one has one (the message names it).
        """

@final
class Topology:
    """The measured network: matrices over the nodes in order, `[origin, destination]`.

    The links are held by rows, each sparse or dense by how many of its links are known, and
    declared costs by zone and region. Each method makes a new dense array of shape [N, N].
    """

    def __new__(
        cls,
        nodes: Sequence[str],
        rtt_ms: npt.NDArray[np.float32],
        *,
        jitter_ms: npt.NDArray[np.float32] | None = None,
        loss: npt.NDArray[np.float32] | None = None,
        bandwidth_bps: npt.NDArray[np.float64] | None = None,
        age_s: npt.NDArray[np.float32] | None = None,
        storage: Literal["auto", "dense", "sparse"] = "auto",
    ) -> Topology:
        """Build from arrays of shape [N, N]; NaN is unknown.

        Args:
            nodes: Their names, each once.
            rtt_ms: Round-trip times. Where only one direction of a pair has one, it serves both.
            jitter_ms: Interquartile ranges of the round-trip times.
            loss: Shares of packets lost from origin to destination, 0 to 1.
            bandwidth_bps: From origin to destination.
            age_s: Time since each pair was observed.
            storage: How the links are held: `auto` is right but for measurements of memory and
                time. No answer depends on it.

        Raises:
            InvalidInputError: A shape or type, a negative or an infinite value, a repeated node
                name, an unknown storage.
        """

    @staticmethod
    def from_node_networks(
        nodes: Sequence[str],
        node_networks: Sequence[bytes],
        *,
        now: float,
        storage: Literal["auto", "dense", "sparse"] = "auto",
    ) -> Topology:
        """Rebuild from NodeNetwork objects (JSON). Rows past `validUntil` at `now` are unknown.

        Args:
            nodes: Names, each once; what is reported of others is left out.
            node_networks: The objects.
            now: Unix seconds in the years 1 to 9999.
            storage: As for the constructor.

        Raises:
            InvalidInputError: An object does not decode, a name comes twice, or `now` is no time.
        """

    @property
    def nodes(self) -> list[str]:
        """Names, in the order of rows and columns."""

    @property
    def nbytes(self) -> int:
        """Bytes that the links take."""

    def rtt_ms(self) -> npt.NDArray[np.float32]:
        """Round-trip times, ms, [N, N]; 0 on the diagonal, NaN where unknown."""

    def jitter_ms(self) -> npt.NDArray[np.float32]:
        """Interquartile ranges of the round-trip times, ms, [N, N]."""

    def loss(self) -> npt.NDArray[np.float32]:
        """Shares of packets lost from origin to destination, 0 to 1, [N, N]."""

    def bandwidth_bps(self) -> npt.NDArray[np.float64]:
        """Bandwidths from origin to destination, bit/s, [N, N]."""

    def age_s(self) -> npt.NDArray[np.float32]:
        """Time since each pair was observed, s, [N, N]."""

    def source(self) -> npt.NDArray[np.uint8]:
        """[N, N]: 0 unknown, 1 measured, 2 estimated, 3 declared, 4 the node itself."""

    def cost(self, policy: Literal["linear", "slo", "time"] = "slo") -> npt.NDArray[np.float32]:
        """Costs by a policy with its defaults, 0 to 1, [N, N]; NaN where unknown.

        Raises:
            InvalidInputError: The policy is none of these.
        """

    def estimate(self, previous: Estimate | None = None, *, seed: int = 0) -> Estimate:
        """Fit to the measured round-trip times; one that is an hour old counts half.

        Args:
            previous: Starts from it, and keeps its seed, which takes a tenth of the time. Nodes
                are matched by name.
            seed: Of a fit from nothing.

        Raises:
            InvalidInputError: There are more than 16,384 nodes, or a round trip above 600,000 ms.
        """

    def estimated(self, estimate: Estimate | None = None, *, seed: int = 0) -> Topology:
        """This topology with estimated round-trip times where none is known, marked as estimated.

        What is known stays as it is. Jitter, loss and bandwidth are not estimated.

        Args:
            estimate: Whence the estimates come, nodes matched by name; by default a fit to this
                topology's own measurements.
            seed: Of that fit.

        Raises:
            InvalidInputError: As for `Topology.estimate`, where it makes a fit of its own.
        """

@final
class Estimate:
    """Round-trip times between all nodes, estimated from measured pairs.

    Places in a space of three dimensions and heights, eight fits side by side, and a correction
    by the misfits of near nodes where it helps: docs/estimation.md. Made by `estimate`; never
    changes.
    """

    @property
    def nodes(self) -> list[str]:
        """Names, in order, [N]."""

    @property
    def uses_residuals(self) -> bool:
        """Whether the correction is in use: pairs that were held out gain from it."""

    def refit(
        self,
        origins: npt.NDArray[np.int64],
        destinations: npt.NDArray[np.int64],
        rtt_ms: npt.NDArray[np.float32],
        *,
        nodes: Sequence[str] | None = None,
        weights: npt.NDArray[np.float32] | None = None,
    ) -> Estimate:
        """Fit to newer measurements, starting from this fit; a tenth of the time of a new one.

        Args:
            origins: As in `estimate`.
            destinations: As in `estimate`.
            rtt_ms: As in `estimate`.
            nodes: Names, where nodes joined or left; matched by name. By default the same.
            weights: As in `estimate`.

        Raises:
            InvalidInputError: As in `estimate`.
        """

    def rtt_ms(self) -> npt.NDArray[np.float32]:
        """All round-trip times, ms, [N, N]: measured where they were, in their direction.

        The other direction of a pair measured in one only is the same; other pairs are estimated;
        NaN where no path of measured pairs joins two nodes.
        """

    def confidence(self) -> npt.NDArray[np.float32]:
        """Probability that an estimate is within 25 % of the true value, [N, N].

        Learnt from pairs that parts of the fit did not see; less where an end has few peers. 1
        where measured, 0 where unknown.
        """

    def pair(
        self, origin: str, destination: str
    ) -> tuple[float, float, Literal["measured", "estimated", "unknown", "same-node"]]:
        """RTT in ms, confidence and source of one path.

        Raises:
            InvalidInputError: A name is none of the nodes.
        """

    def coordinates_ms(self) -> npt.NDArray[np.float32]:
        """Places by the best of the fits, ms, [N, 3]; NaN for a node without a measured pair."""

    def heights_ms(self) -> npt.NDArray[np.float32]:
        """Heights by the best of the fits, ms, [N]: to be added at both ends of a path."""

@final
class BandwidthEstimate:
    """Bandwidths between all nodes, estimated from measured paths. Coarse: see `held_out_error`."""

    @property
    def nodes(self) -> list[str]:
        """Names, in order, [N]."""

    @property
    def held_out_error(self) -> float | None:
        """Median relative error on measured paths held out in turn; None with too few of them."""

    def bandwidth_bps(self) -> npt.NDArray[np.float64]:
        """From origin to destination, bit/s, [N, N]: measured where they were.

        NaN on the diagonal, and where nothing was measured from the one or to the other.
        """

def estimate(
    nodes: Sequence[str],
    origins: npt.NDArray[np.int64],
    destinations: npt.NDArray[np.int64],
    rtt_ms: npt.NDArray[np.float32],
    *,
    weights: npt.NDArray[np.float32] | None = None,
    seed: int = 0,
) -> Estimate:
    """Estimate the round-trip times of all pairs of nodes from P measured ones.

    The same input gives the same estimate, byte for byte. Releases the GIL.

    Args:
        nodes: Names, at most 16,384.
        origins: Which node measured, by its place in `nodes`, [P], P at most 2**28.
        destinations: Which node is at the other end, [P].
        rtt_ms: Round-trip times, ms, 0 to 600,000, [P]. Of several for one ordered pair, their
            weighted geometric mean counts.
        weights: How much each counts beside the others, 0 to 1,000,000, [P]; by default 1.
        seed: Of the starting points.

    Raises:
        InvalidInputError: A name is empty or comes twice, a place is out of range, both ends are
            one node, lengths differ, a type or shape does not fit, or a value is out of its range
            or NaN.
    """

def estimate_bandwidth(
    nodes: Sequence[str],
    origins: npt.NDArray[np.int64],
    destinations: npt.NDArray[np.int64],
    bandwidth_bps: npt.NDArray[np.float64],
    *,
    seed: int = 0,
) -> BandwidthEstimate:
    """Estimate the bandwidths of all paths, each direction apart, from P measured ones. Coarse.

    Args:
        nodes: Names, at most 16,384.
        origins: Which node sent, by its place in `nodes`, [P].
        destinations: Which node received, [P].
        bandwidth_bps: Bandwidths, bit/s, above 0 and at most 1e15, [P]. Of several for one path
            the last counts.
        seed: Of the starting points.

    Raises:
        InvalidInputError: As in `estimate`.
    """

@final
class Scores:
    """What `CostMatrix.score` found for a batch of P pods on N nodes; lower scores are better."""

    @property
    def best_nodes(self) -> npt.NDArray[np.int32]:
        """Each pod's best feasible nodes, best first, of equal scores the lowest node; [P, best].

        -1 where fewer are feasible.
        """

    @property
    def best_scores(self) -> npt.NDArray[np.float32]:
        """Their scores; [P, best]. Infinity where there is no node."""

    @property
    def matrix(self) -> npt.NDArray[np.float32] | None:
        """The scores of all nodes, infinity where not feasible, if asked for; [P, N]."""

    @property
    def classes(self) -> int:
        """How many different rows of scores there were to work out."""

@final
class CostMatrix:
    """The cost of the link between every ordered pair of N nodes, for scoring whole batches.

    Costs have any unit, begin at 0, and are stored

    - dense, in `f32`, or in `u16` in steps of 1/65,535 of the largest: off by at most 1/131,070 of
      that. A symmetric matrix is stored once, any other with its transpose.
    - by `zones`: a cost for each pair of zones, and the links known to differ from it one by one.

    Any number of threads may read one matrix at once; a call beside `set_link` raises RuntimeError.
    """

    def __new__(
        cls,
        costs: npt.NDArray[np.float32],
        *,
        zones: npt.NDArray[np.integer[Any]] | None = None,
        storage: Literal["auto", "f32", "u16", "zones"] = "auto",
        unknown: float | None = None,
        tolerance: float = 0.0,
        largest_cost: float | None = None,
    ) -> CostMatrix:
        """Build from a matrix `[origin, destination]`, float32 of shape [N, N]; NaN is unknown.

        Args:
            costs: Copied, whatever its layout.
            zones: The zone of each node, any numbers from 0; int64, int32 or uint32 of shape [N].
                An unknown cell then costs what the known ones between its zones cost in the median
                (of those back, where there are none).
            storage: `auto` stores by zones where they are given, there are at least 2,048 nodes and
                at most one cell in 16 is known; else dense in f32.
            unknown: The neutral cost of what is still unknown then.
            tolerance: By zones, a link is left to its zones' cost where that is off by at most this
                share of the link's own, 0 to 1. Known cells are then off by no more.
            largest_cost: The largest cost that can be set later in u16; the largest cell's if less.

        Raises:
            InvalidInputError: A cost is negative or infinite, or unknown without `unknown`; a shape
                or type does not fit. The message names the argument and the cell.
        """

    @staticmethod
    def from_topology(
        topology: Topology,
        *,
        policy: Literal["linear", "slo", "time"] = "slo",
        zones: npt.NDArray[np.integer[Any]] | None = None,
        storage: Literal["auto", "f32", "u16", "zones"] = "auto",
        unknown: float | None = None,
        tolerance: float = 0.0,
    ) -> CostMatrix:
        """Build from what was measured, by `Topology.cost(policy)`; nodes in the topology's order.

        Raises:
            InvalidInputError: As for the constructor; a topology mostly has unknown links, which
                need `zones` or `unknown`.
        """

    @staticmethod
    def from_zones(
        zones: npt.NDArray[np.integer[Any]],
        zone_costs: npt.NDArray[np.float32],
        *,
        origins: npt.NDArray[np.integer[Any]] | None = None,
        destinations: npt.NDArray[np.integer[Any]] | None = None,
        costs: npt.NDArray[np.float32] | None = None,
    ) -> CostMatrix:
        """Build from the costs between Z zones, and those of L measured links.

        Args:
            zones: The zone of each node, 0 to Z - 1; int64, int32 or uint32 of shape [N], N at most
                1,048,576.
            zone_costs: `[origin, destination]`; float32 of shape [Z, Z].
            origins: The node that each link leaves; as `zones`, of shape [L], L at most 2**26.
            destinations: The node that it leads to; as `origins`.
            costs: What it costs; float32 of shape [L].

        Raises:
            InvalidInputError: A shape or type does not fit, a node has no such zone, a link no such
                node or comes twice, or a cost is negative, infinite or NaN.
        """

    @property
    def nodes(self) -> int:
        """N."""

    @property
    def storage(self) -> Literal["f32", "u16", "zones"]:
        """How the costs are stored."""

    @property
    def is_symmetric(self) -> bool:
        """Whether both directions of each link are stored as one."""

    @property
    def nbytes(self) -> int:
        """Memory of the costs: dense, at most 1.1 times the cells from 320 nodes on."""

    @property
    def links(self) -> int:
        """Links stored one by one: N * N, but by zones only those that differ from their zones'."""

    def link(self, origin: int, destination: int) -> float:
        """The cost of one direction of a link, as stored.

        Raises:
            InvalidInputError: There is no such node.
        """

    def set_link(
        self, origin: int, destination: int, cost: float, *, both_directions: bool = False
    ) -> None:
        """Change the cost of one direction of a link, or of both. O(1) where dense.

        The first change of one direction alone that makes a symmetric dense matrix asymmetric
        makes its transpose, O(N * N) once.

        Raises:
            InvalidInputError: There is no such node; the cost is negative, not finite or, in u16,
                above `largest_cost`.
        """

    def score(
        self,
        indptr: npt.NDArray[np.integer[Any]],
        peers: npt.NDArray[np.integer[Any]],
        weight_to: npt.NDArray[np.floating[Any]] | None = None,
        weight_from: npt.NDArray[np.floating[Any]] | None = None,
        *,
        feasible: npt.NDArray[np.bool_] | None = None,
        best: int = 8,
        matrix: bool = False,
        threads: int = 0,
    ) -> Scores:
        """Score every node for each of P pods by what the links to its placed peers cost.

        `score[p, n] = sum(weight_to * cost[n, peer] + weight_from * cost[peer, n])` over the peers
        of pod p, lower is better. Pods with equal peers, weights and mask are scored once. Sums run
        in f32, each multiplication and addition rounded, over the peers in ascending order: the
        result does not depend on the machine, the threads or the other pods. Releases the GIL; the
        arrays are copied before.

        Args:
            indptr: The peers of pod p are the entries `indptr[p]:indptr[p + 1]`; int64, int32 or
                uint32 of shape [P + 1], from 0 to E; P at most 2**24.
            peers: Nodes of the placed peers; as `indptr`, of shape [E], E at most 2**26. One that
                comes twice counts twice.
            weight_to: How much traffic from the pod to each peer counts; float32, or float64 that
                is rounded to it, of shape [E]; None for not at all.
            weight_from: How much traffic from each peer to the pod counts, as `weight_to`.
            feasible: Nodes that can be chosen; bool of shape [N] for all pods or [P, N].
            best: How many of each pod's best nodes are wanted; at most N, or 1,024 if more.
            matrix: Whether the scores of all nodes are wanted too, P * N * 4 bytes.
            threads: At most so many; 0 for as many as the machine runs at once.

        Raises:
            InvalidInputError: A shape or type does not fit, a peer is no node, a weight is negative
                or not finite, or the result does not fit the memory.
        """

@final
class ClusterState:
    """Columns of nodes and pods, the AppGroups and the network between the nodes.

    Not safe for two threads at once: a call made while another runs raises RuntimeError.
    """

    def __new__(cls, *, storage: Literal["auto", "dense", "sparse"] = "auto") -> ClusterState:
        """An empty cluster.

        Args:
            storage: How the measured links are held, as for `Topology`.

        Raises:
            InvalidInputError: The storage is unknown.
        """

    @property
    def generation(self) -> int:
        """Grows with every change."""

    @property
    def nodes(self) -> list[str]:
        """Names, sorted."""

    @property
    def nbytes(self) -> int:
        """Bytes that the measured links take."""

    def apply(self, kind: str, obj: bytes) -> PodSummary | None:
        """Take in one object as the API server sent it (JSON; `kind` as list items lack it).

        Kinds: Node, Pod, Namespace, Service, AppGroup, NetworkTopology, NodeNetwork; others are
        ignored. An assumed pod stays assumed until its bound form or its deletion arrives. A pod
        in phase Succeeded or Failed takes no room.

        Returns:
            The pod's summary for kind Pod, else None.

        Raises:
            InvalidInputError: The object does not decode; the last good version stands.
        """

    def delete(self, kind: str, namespace: str, name: str) -> bool:
        """Forget an object; False where there was none. Pods of a deleted node stay known."""

    def pod(self, key: str) -> PodSummary | None:
        """The pod `namespace/name`; None where there is none."""

    def warnings(self) -> list[str]:
        """What is wrong in the objects held (an AppGroup's cycle or unknown workload…), sorted."""

    def counts(self) -> dict[str, int]:
        """Objects by kind, bound and pending pods."""

    def set_time(self, now: float) -> None:
        """Unix seconds, by which the age and validity of measurements are judged.

        Raises:
            InvalidInputError: It is no time in the years 1 to 9999.
        """

    def assume(self, pod: str, node: str) -> None:
        """Hold room for a pod on a node until its binding is seen, as `plan(commit=True)` does.

        Raises:
            UnknownObjectError: A name is none of a node's or a pod's, or the pod is bound already.
        """

    def forget(self, pod: str) -> None:
        """Give back an assumed pod's room and bandwidth. Nothing happens where none is assumed."""

    def sort(self, profile: Profile, pods: Sequence[str], queued_at: Sequence[float]) -> list[str]:
        """Pod keys in the order of the profile's queue sort, whatever order they come in.

        Args:
            profile: Whose queue sort.
            pods: Keys of known pods.
            queued_at: Since when each waits, Unix seconds.

        Returns:
            The strings of `pods`, not copies of them.

        Raises:
            InvalidInputError: There is not one finite time for each pod.
            UnknownObjectError: A key names no pod.
        """

    def plan(
        self,
        profile: Profile,
        pods: Sequence[str],
        *,
        seed: int = 0,
        detail: Literal["summary", "full"] = "summary",
        commit: bool = True,
    ) -> Plan:
        """Place pods one after another, each seeing what those before it took.

        With `commit` the placed pods stay assumed; without, the state is as it was before.
        Releases the GIL. No feasible node is a result, never an error.

        Args:
            profile: Its filters and scores.
            pods: Keys of pending pods.
            seed: Breaks ties: the same state, profile and seed give the same plan.
            detail: `full` keeps the verdict on every node.
            commit: Whether the placed pods stay assumed.

        Raises:
            UnknownObjectError: A key names no pod, or one that is bound already.
            InvalidInputError: A key is given twice, or the detail is none of these.
        """

    def plan_group(
        self,
        profile: Profile,
        pods: Sequence[str],
        *,
        seed: int = 0,
        deadline_ms: float | None = 50.0,
        max_steps: int | None = None,
        detail: Literal["summary", "full"] = "summary",
        commit: bool = True,
    ) -> GroupPlan:
        """Place the pods of one or several applications at once.

        First they are planned one after another; then the pods that talk to each other, or to pods
        that have a node, are searched for a better placement together, and it is carried out with
        every filter asked again. Pods that have a node stay there. More urgent pods come first.
        The outcome is never worse than the first plan: no more pods without a node, and no larger
        objective. Releases the GIL.

        Args:
            profile: Its filters hold, and its NetworkCost says what a link costs.
            pods: Keys of pending pods.
            seed: Breaks ties, and starts the search.
            deadline_ms: About when the call is to end, 0 to 86,400,000; planning the pods one
                after another takes the time that it takes. None is without end.
            max_steps: Moves and swaps that may be priced; None is without end. With a number, and
                no deadline, the same seed gives the same plan.
            detail: As for `plan`.
            commit: As for `plan`.

        Raises:
            UnknownObjectError: A key names no pod, or one that is bound already.
            InvalidInputError: A key is given twice, an argument is out of range, or neither a
                deadline nor steps are given.
        """

    def topology(self) -> Topology:
        """What is known of the network between the nodes now, nodes sorted by name."""
