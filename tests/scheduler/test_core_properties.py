"""Whatever happens, in whatever order: no pod is lost, bound twice, or holds room for nothing."""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from netcore_scheduler.core import (
    HINTS,
    Action,
    Announce,
    BatchTaken,
    Bind,
    BindDone,
    BindOvertaken,
    BindRefused,
    Change,
    ClusterChanged,
    Event,
    Forget,
    NodeLost,
    Place,
    PlanDone,
    PlanFailed,
    PodLeft,
    PodSeen,
    QueueSettings,
    SchedulingCore,
    TimePassed,
    Verdict,
)

NAMES = st.sampled_from([f"ns/pod-{number}" for number in range(6)])
NODE_NAMES = ("n1", "n2", "n3")
NODES = st.sampled_from(NODE_NAMES)
PLUGINS = st.sets(st.sampled_from([*HINTS, "SomeoneElses"])).map(lambda names: tuple(sorted(names)))
BINDINGS = 2
SETTINGS = QueueSettings()


class Shell(RuleBasedStateMachine):
    """Plays the shell, the engine and the API server at random."""

    def __init__(self) -> None:
        super().__init__()
        self.core = SchedulingCore(SETTINGS, bindings=BINDINGS, batch=4)
        self.now = 100.0
        self.uids: dict[str, str] = {}
        self.gated: set[str] = set()
        self.fingerprints: dict[str, int] = {}
        self.serial = 0
        self.batch: tuple[str, ...] | None = None
        self.lost: set[str] = set()
        # Nodes that the engine sees while it plans.
        self.snapshot: list[str] = []
        # The engine's assumptions, and the bindings that the server has not answered.
        self.room: dict[str, str] = {}
        self.under_way: dict[tuple[str, str], str] = {}
        self.announced: set[tuple[str, str]] = set()

    def tell(self, event: Event) -> None:
        for action in self.core.handle(event, self.now):
            self.do(action)

    def do(self, action: Action) -> None:
        match action:
            case Bind():
                identity = (action.pod, action.uid)
                assert identity not in self.under_way, "one binding of a pod at a time"
                assert identity not in self.announced, "a bound pod is not bound again"
                assert self.room.get(action.pod) == action.node, "only a held place is bound"
                assert action.node not in self.lost, "no pod goes to a node that is gone"
                self.under_way[identity] = action.node
            case Forget():
                self.room.pop(action.pod)
            case Announce():
                self.announced.add((action.pod, action.uid))

    @initialize(count=st.integers(0, 4))
    def start(self, count: int) -> None:
        for number in range(count):
            self.create(f"ns/pod-{number}", is_gated=False)

    def see(self, name: str) -> None:
        self.tell(
            PodSeen(
                name,
                self.uids[name],
                "netcore",
                self.fingerprints[name],
                is_gated=name in self.gated,
            )
        )

    @rule(name=NAMES, is_gated=st.booleans())
    def create(self, name: str, is_gated: bool) -> None:
        """Also under a name that is taken: then the old pod went unnoticed."""
        self.serial += 1
        self.room.pop(name, None)
        self.uids[name] = f"uid-{self.serial}"
        self.fingerprints[name] = 0
        self.gated.discard(name)
        if is_gated:
            self.gated.add(name)
        self.see(name)

    @rule(name=NAMES, is_other_spec=st.booleans())
    def update(self, name: str, is_other_spec: bool) -> None:
        if name in self.uids:
            self.fingerprints[name] += is_other_spec
            self.see(name)

    @rule(name=NAMES)
    def ungate(self, name: str) -> None:
        if name in self.gated:
            self.gated.discard(name)
            self.see(name)

    @rule(name=NAMES)
    def leave(self, name: str) -> None:
        if self.uids.pop(name, None) is not None:
            self.gated.discard(name)
            self.room.pop(name, None)
            self.tell(PodLeft(name))

    @rule(change=st.sampled_from(list(Change)))
    def change(self, change: Change) -> None:
        self.tell(ClusterChanged(change))

    @rule(node=NODES)
    def lose(self, node: str) -> None:
        self.lost.add(node)
        self.tell(NodeLost(node))

    @rule(node=NODES)
    def regain(self, node: str) -> None:
        self.lost.discard(node)
        self.tell(ClusterChanged(Change.NODE_ADDED))

    @precondition(lambda self: self.batch is None and self.core.ready())
    @rule(data=st.data())
    def take(self, data: st.DataObject) -> None:
        keys = [pod.key for pod in self.core.ready()]
        chosen = data.draw(st.lists(st.sampled_from(keys), min_size=1, unique=True))
        self.batch = tuple(chosen[: self.core.room()])
        self.snapshot = [node for node in NODE_NAMES if node not in self.lost]
        self.tell(BatchTaken(self.batch))

    @precondition(lambda self: self.batch is not None)
    @rule(data=st.data(), leaves_out=st.booleans())
    def finish(self, data: st.DataObject, leaves_out: bool) -> None:
        """The verdicts are about the pods as they were when the batch was taken."""
        assert self.batch is not None
        verdicts = []
        for key in self.batch[1:] if leaves_out else self.batch:
            node = data.draw(st.sampled_from([None, *self.snapshot]))
            pod = self.core.queue.get(key)
            if node is not None and pod is not None and pod.place is Place.PLANNING:
                self.room[key] = node
            rejected_by = data.draw(PLUGINS)
            verdicts.append(Verdict(key, node, f"decided {key}", rejected_by))
        self.batch = None
        self.tell(PlanDone(tuple(verdicts)))

    @precondition(lambda self: self.batch is not None)
    @rule()
    def crash_plan(self) -> None:
        self.batch = None
        self.tell(PlanFailed("the engine broke"))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), answer=st.sampled_from([BindDone, BindOvertaken, BindRefused]))
    def answer(self, data: st.DataObject, answer: type) -> None:
        pod, uid = data.draw(st.sampled_from(sorted(self.under_way)))
        del self.under_way[pod, uid]
        refusal = ("the server refused",) if answer is BindRefused else ()
        self.tell(answer(pod, uid, *refusal))

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 3.0, 11.0, 301.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.tell(TimePassed())

    @invariant()
    def each_pod_is_in_exactly_one_place(self) -> None:
        standing = [
            pod for place in Place for pod in self.core.queue.pods_in(place) if not pod.has_left
        ]
        assert sorted(pod.key for pod in standing) == sorted(self.uids)
        for pod in standing:
            assert pod.uid == self.uids[pod.key]
            assert self.core.queue.pods_in(pod.place).count(pod) == 1

    @invariant()
    def who_left_waits_for_an_answer_alone(self) -> None:
        for place in Place:
            for pod in self.core.queue.pods_in(place):
                if pod.has_left:
                    assert place is Place.BINDING
                    assert (pod.key, pod.uid) in self.under_way

    @invariant()
    def room_is_held_for_placed_pods_alone(self) -> None:
        placed = [
            pod.key
            for place in (Place.RESERVED, Place.BINDING, Place.BOUND)
            for pod in self.core.queue.pods_in(place)
            if not pod.has_left
        ]
        assert sorted(placed) == sorted(self.room)

    @invariant()
    def gates_hold(self) -> None:
        waiting = {pod.key for pod in self.core.queue.pods_in(Place.GATED)}
        assert waiting == self.gated

    @invariant()
    def the_pool_is_bounded(self) -> None:
        assert self.core.queue.count(Place.BINDING) <= BINDINGS

    @invariant()
    def waiting_ends(self) -> None:
        """Every pod that waits for time has a deadline, and none is far away or forgotten."""
        deadline = self.core.next_deadline()
        for pod in self.core.queue.pods_in(Place.BACKOFF):
            assert deadline is not None
            assert deadline <= pod.failed_at + SETTINGS.backoff_max_s
        for pod in self.core.queue.pods_in(Place.UNSCHEDULABLE):
            assert deadline is not None
            assert deadline <= pod.since + SETTINGS.flush_after_s

    def teardown(self) -> None:
        """From any state: once plans and bindings succeed, every pod without gates is bound."""
        if self.batch is not None:
            self.crash_plan()
        self.lost.clear()
        for _ in range(100):
            for pod, uid in sorted(self.under_way):
                del self.under_way[pod, uid]
                self.tell(BindDone(pod, uid))
            keys = tuple(pod.key for pod in self.core.ready())[: self.core.room()]
            if keys:
                self.tell(BatchTaken(keys))
                self.room |= dict.fromkeys(keys, "n1")
                self.tell(PlanDone(tuple(Verdict(key, "n1", "placed") for key in keys)))
            elif (deadline := self.core.next_deadline()) is not None:
                self.now = max(self.now, deadline)
                self.tell(TimePassed())
            elif not self.under_way:
                break
        assert self.core.is_settled()
        bound = {pod.key for pod in self.core.queue.pods_in(Place.BOUND)}
        assert bound == set(self.uids) - self.gated


TestShell = Shell.TestCase
TestShell.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
