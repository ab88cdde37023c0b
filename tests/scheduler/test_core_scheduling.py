"""The core's rules one by one, in virtual time."""

import pytest

from netcore_scheduler.core import (
    SCHEDULER_ERROR,
    UNSCHEDULABLE,
    Action,
    Announce,
    BatchTaken,
    Bind,
    BindDone,
    BindOvertaken,
    BindRefused,
    Change,
    ClusterChanged,
    Condition,
    Event,
    Forget,
    NodeLost,
    Place,
    PlanDone,
    PlanFailed,
    PodLeft,
    PodSeen,
    SchedulingCore,
    TimePassed,
    Verdict,
    Warn,
    wakes_for,
)

POD = "shop/cart"
FULL = "0/1 nodes are available: 1 Insufficient cpu."


class Driver:
    """A core and the time."""

    def __init__(self, *, bindings: int = 32, batch: int = 256) -> None:
        self.core = SchedulingCore(bindings=bindings, batch=batch)
        self.now = 1000.0

    def tell(self, *events: Event) -> list[Action]:
        return [action for event in events for action in self.core.handle(event, self.now)]

    def see(
        self, pod: str = POD, *, spec: int = 0, gated: bool = False, uid: str = "u1"
    ) -> list[Action]:
        return self.tell(PodSeen(pod, uid, "netcore", spec, is_gated=gated))

    def reject(self, pod: str = POD, by: tuple[str, ...] = ("NodeResourcesFit",)) -> list[Action]:
        return self.tell(BatchTaken((pod,)), PlanDone((Verdict(pod, None, FULL, by),)))

    def place_of(self, pod: str = POD) -> Place | None:
        found = self.core.queue.get(pod)
        return found.place if found else None

    def wait(self, seconds: float) -> list[Action]:
        self.now += seconds
        return self.tell(TimePassed())


@pytest.fixture
def driver() -> Driver:
    driver = Driver()
    driver.see()
    return driver


def test_a_pod_goes_from_active_to_bound_and_leaves(driver: Driver) -> None:
    assert [pod.key for pod in driver.core.ready()] == [POD]
    verdict = Verdict(POD, "n1", "Successfully assigned shop/cart to n1", record=b"{}")
    driver.tell(BatchTaken((POD,)))
    assert driver.core.ready() == []
    assert driver.tell(PlanDone((verdict,))) == [Bind(POD, "u1", "n1", b"{}")]
    driver.now += 0.25
    assert driver.tell(BindDone(POD, "u1")) == [
        Announce(POD, "u1", "netcore", verdict.message, attempts=1, waited_s=0.25, record=b"{}")
    ]
    # A late state from before the binding must not queue it again.
    driver.see()
    assert driver.place_of() is Place.BOUND
    driver.tell(PodLeft(POD))
    assert driver.place_of() is None


def test_a_binding_that_the_watch_tells_of_first_is_announced(driver: Driver) -> None:
    driver.tell(BatchTaken((POD,)))
    driver.tell(PlanDone((Verdict(POD, "n1", "assigned"),)))
    assert driver.tell(PodLeft(POD)) == []
    [announced] = driver.tell(BindDone(POD, "u1"))
    assert isinstance(announced, Announce)
    assert driver.place_of() is None


def test_a_pod_that_left_is_not_tried_again(driver: Driver) -> None:
    driver.tell(BatchTaken((POD,)))
    driver.tell(PlanDone((Verdict(POD, "n1", "assigned"),)))
    driver.tell(PodLeft(POD))
    assert driver.tell(BindRefused(POD, "u1", "gone")) == []
    assert driver.place_of() is None


def test_penalties_double_up_to_ten_seconds(driver: Driver) -> None:
    penalties = []
    for _ in range(6):
        driver.reject()
        driver.tell(ClusterChanged(Change.POD_FREED))
        assert driver.place_of() is Place.BACKOFF
        deadline = driver.core.next_deadline()
        assert deadline is not None
        penalties.append(deadline - driver.now)
        driver.wait(penalties[-1] - 0.01)
        assert driver.place_of() is Place.BACKOFF
        driver.wait(0.01)
        assert driver.place_of() is Place.ACTIVE
    assert penalties == pytest.approx([1, 2, 4, 8, 10, 10])


def test_a_pod_whose_penalty_is_over_is_tried_at_once(driver: Driver) -> None:
    driver.reject()
    driver.wait(1.5)
    assert driver.place_of() is Place.UNSCHEDULABLE
    driver.tell(ClusterChanged(Change.NODE_ADDED))
    assert driver.place_of() is Place.ACTIVE


@pytest.mark.parametrize(
    ("plugin", "change", "is_woken"),
    [
        ("NodeResourcesFit", Change.POD_FREED, True),
        ("NodeResourcesFit", Change.NODE_ALLOCATABLE, True),
        ("NodeResourcesFit", Change.NODE_TAINTS, False),
        ("NodeResourcesFit", Change.NODE_NETWORK, False),
        ("TaintToleration", Change.NODE_TAINTS, True),
        ("TaintToleration", Change.POD_FREED, False),
        ("NodeUnschedulable", Change.NODE_TAINTS, True),
        ("NodeAffinity", Change.NODE_LABELS, True),
        ("NodeAffinity", Change.NODE_ALLOCATABLE, False),
        ("NodePorts", Change.POD_FREED, True),
        ("NodeName", Change.NODE_LABELS, False),
        ("NetworkLimits", Change.NODE_NETWORK, True),
        ("NetworkLimits", Change.POD_BOUND, True),
        ("NetworkLimits", Change.APP_GROUP, True),
        ("NetworkLimits", Change.NODE_TAINTS, False),
        ("NetworkOverhead", Change.NETWORK_TOPOLOGY, True),
        ("NetworkOverhead", Change.NODE_NETWORK, False),
        ("SomeoneElses", Change.NODE_REMOVED, True),
    ],
)
def test_only_changes_that_can_help_wake_a_pod(
    driver: Driver, plugin: str, change: Change, is_woken: bool
) -> None:
    driver.reject(by=(plugin,))
    driver.tell(ClusterChanged(change))
    assert (driver.place_of() is not Place.UNSCHEDULABLE) == is_woken


def test_hints_of_several_plugins_add_up_and_no_plugin_means_any_change() -> None:
    both = wakes_for(["NodeAffinity", "NodeResourcesFit"])
    assert both == wakes_for(["NodeAffinity"]) | wakes_for(["NodeResourcesFit"])
    assert all(change in wakes_for([]) for change in Change)
    assert all(Change.NODE_ADDED in wakes_for([name]) for name in ("NodeName", "NodePorts"))


def test_what_helps_while_a_pod_is_planned_is_not_missed(driver: Driver) -> None:
    driver.tell(BatchTaken((POD,)), ClusterChanged(Change.POD_FREED))
    driver.tell(PlanDone((Verdict(POD, None, FULL, ("NodeResourcesFit",)),)))
    assert driver.place_of() is Place.BACKOFF


def test_what_does_not_help_while_a_pod_is_planned_leaves_it_waiting(driver: Driver) -> None:
    driver.tell(BatchTaken((POD,)), ClusterChanged(Change.NODE_LABELS))
    driver.tell(PlanDone((Verdict(POD, None, FULL, ("NodeResourcesFit",)),)))
    assert driver.place_of() is Place.UNSCHEDULABLE


def test_a_hopeless_pod_is_tried_again_after_five_minutes(driver: Driver) -> None:
    driver.reject()
    driver.wait(299.9)
    assert driver.place_of() is Place.UNSCHEDULABLE
    driver.wait(0.1)
    assert driver.place_of() is Place.ACTIVE
    assert driver.core.queue.incoming["active", "UnschedulableTimeout"] == 1


def test_a_pod_that_is_edited_is_tried_again_but_not_for_its_status(driver: Driver) -> None:
    driver.reject()
    driver.see(spec=0)
    assert driver.place_of() is Place.UNSCHEDULABLE
    driver.see(spec=1)
    assert driver.place_of() is Place.BACKOFF


def test_gates_keep_a_pod_out_without_attempt_or_penalty() -> None:
    driver = Driver()
    driver.see(gated=True)
    driver.wait(400)
    driver.tell(ClusterChanged(Change.NODE_ADDED))
    assert driver.place_of() is Place.GATED
    driver.see(gated=False, spec=1)
    assert driver.place_of() is Place.ACTIVE
    assert driver.core.ready()[0].attempts == 0


def test_a_failure_is_news_only_when_the_condition_changes(driver: Driver) -> None:
    condition = Condition(UNSCHEDULABLE, FULL)
    [first] = driver.reject()
    assert first == Warn(POD, "u1", "netcore", condition)
    assert first.is_news
    driver.wait(300)
    [again] = driver.reject()
    assert again == Warn(POD, "u1", "netcore", condition, shown=condition)
    assert not again.is_news


def test_after_a_restart_the_condition_on_the_server_is_not_written_again() -> None:
    driver = Driver()
    condition = Condition(UNSCHEDULABLE, FULL)
    driver.tell(PodSeen(POD, "u1", "netcore", 0, condition=condition))
    assert driver.reject() == [Warn(POD, "u1", "netcore", condition, shown=condition)]


def test_a_refused_binding_frees_the_room_and_is_tried_again_after_a_penalty(
    driver: Driver,
) -> None:
    driver.see("shop/other")
    driver.reject("shop/other")
    driver.tell(BatchTaken((POD,)), PlanDone((Verdict(POD, "n1", "placed"),)))
    actions = driver.tell(BindRefused(POD, "u1", "binding refused: quota"))
    assert actions == [
        Forget(POD),
        Warn(POD, "u1", "netcore", Condition(SCHEDULER_ERROR, "binding refused: quota")),
    ]
    assert driver.place_of() is Place.BACKOFF
    # The room it gave back can help the other one.
    assert driver.place_of("shop/other") is Place.BACKOFF


def test_an_overtaken_binding_waits_for_the_watch(driver: Driver) -> None:
    driver.tell(BatchTaken((POD,)), PlanDone((Verdict(POD, "n1", "placed"),)))
    assert driver.tell(BindOvertaken(POD, "u1")) == []
    assert driver.place_of() is Place.BOUND


def test_a_node_that_vanishes_under_a_plan_sends_its_pods_back_at_once(driver: Driver) -> None:
    driver.see("shop/other")
    driver.tell(BatchTaken((POD, "shop/other")), NodeLost("n1"))
    plan = PlanDone((Verdict(POD, "n1", "placed"), Verdict("shop/other", "n2", "placed")))
    assert driver.tell(plan) == [Forget(POD), Bind("shop/other", "u1", "n2", b"")]
    assert driver.place_of() is Place.ACTIVE


def test_a_node_that_vanishes_before_the_binding_is_sent_takes_no_pod() -> None:
    driver = Driver(bindings=1)
    for pod in ("a/1", "a/2", "a/3"):
        driver.see(pod)
    driver.tell(BatchTaken(("a/1", "a/2", "a/3")))
    verdicts = (
        Verdict("a/1", "n1", ""),
        Verdict("a/2", "n1", ""),
        Verdict("a/3", "n2", ""),
    )
    assert driver.tell(PlanDone(verdicts)) == [Bind("a/1", "u1", "n1", b"")]
    assert driver.tell(NodeLost("n1")) == [Forget("a/2")]
    assert driver.place_of("a/2") is Place.ACTIVE
    announced, bind = driver.tell(BindDone("a/1", "u1"))
    assert isinstance(announced, Announce)
    assert bind == Bind("a/3", "u1", "n2", b"")


def test_the_next_batch_waits_while_too_many_pods_wait_for_their_binding() -> None:
    driver = Driver(bindings=1, batch=2)
    for number in range(4):
        driver.see(f"a/{number}")
    driver.tell(BatchTaken(("a/0", "a/1")))
    driver.tell(PlanDone((Verdict("a/0", "n", ""), Verdict("a/1", "n", ""))))
    assert driver.core.room() == 1
    driver.tell(BatchTaken(("a/2",)), PlanDone((Verdict("a/2", "n", ""),)))
    assert driver.core.room() == 0
    assert driver.core.ready() == []


def test_a_pod_recreated_while_it_was_planned_or_bound_is_another_pod(driver: Driver) -> None:
    driver.tell(BatchTaken((POD,)))
    driver.see(uid="u2")
    assert driver.tell(PlanDone((Verdict(POD, "n1", "placed"),))) == []
    assert driver.place_of() is Place.ACTIVE
    driver.tell(BatchTaken((POD,)), PlanDone((Verdict(POD, "n1", "placed"),)))
    assert driver.tell(BindDone(POD, "u1")) == []
    assert driver.place_of() is Place.BINDING


def test_a_plan_that_fails_loses_no_pod(driver: Driver) -> None:
    actions = driver.tell(BatchTaken((POD,)), PlanFailed("the engine broke"))
    condition = Condition(SCHEDULER_ERROR, "the engine broke")
    assert actions == [Warn(POD, "u1", "netcore", condition)]
    assert driver.place_of() is Place.BACKOFF


def test_errors_in_a_row_have_their_own_penalty(driver: Driver) -> None:
    driver.reject()
    driver.wait(300)
    driver.tell(BatchTaken((POD,)), PlanFailed("the engine broke"))
    assert driver.core.next_deadline() == driver.now + 1


def test_two_batches_at_once_are_a_mistake_of_the_shell(driver: Driver) -> None:
    driver.tell(BatchTaken((POD,)))
    with pytest.raises(RuntimeError, match="planned already"):
        driver.tell(BatchTaken((POD,)))
