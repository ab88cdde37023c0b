"""Leader election between candidates with clocks of their own, in virtual time."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from netcore_scheduler.core import LeaderElection, LeaseSettings


class Server:
    """One Lease, with the compare-and-swap that the API server does."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.version = 0

    def write(self, obj: dict[str, Any]) -> bool:
        known = obj["metadata"].get("resourceVersion")
        if known != (self.lease["metadata"]["resourceVersion"] if self.lease else None):
            return False
        self.version += 1
        metadata = obj["metadata"] | {"resourceVersion": str(self.version)}
        self.lease = obj | {"metadata": metadata}
        return True


class Candidate:
    def __init__(self, server: Server, name: str, *, skew: float = 0.0) -> None:
        self.server = server
        self.election = LeaderElection(LeaseSettings(identity=name))
        self.skew = skew

    def step(self, now: float) -> None:
        local = now + self.skew
        verb, obj = self.election.consider(self.server.lease, now=local, wall=local)
        if verb != "wait" and self.server.write(obj):
            self.election.wrote(started_at=local)

    def leads(self, now: float) -> bool:
        return self.election.leads(now=now + self.skew)


def test_the_first_candidate_leads_and_the_second_waits() -> None:
    server = Server()
    first, second = Candidate(server, "a"), Candidate(server, "b", skew=5000.0)
    first.step(0)
    second.step(0)
    assert (first.leads(0), second.leads(0)) == (True, False)
    assert server.lease is not None
    assert server.lease["spec"]["holderIdentity"] == "a"
    assert server.lease["spec"]["leaseDurationSeconds"] == 15
    assert server.lease["spec"]["renewTime"] == "1970-01-01T00:00:00.000000Z"


def test_a_dead_leader_is_followed_after_the_duration_and_not_before() -> None:
    server = Server()
    first, second = Candidate(server, "a"), Candidate(server, "b")
    first.step(0)
    for now in range(0, 16, 2):
        second.step(now)
        assert not second.leads(now)
    second.step(16)
    assert second.leads(16)
    assert not first.leads(16)
    assert server.lease is not None
    assert server.lease["spec"]["leaseTransitions"] == 1


def test_a_leader_that_cannot_renew_steps_down_before_it_can_be_followed() -> None:
    server = Server()
    first = Candidate(server, "a")
    first.step(0)
    assert first.leads(9.9)
    assert not first.leads(10)


def test_a_released_lease_is_taken_at_once() -> None:
    server = Server()
    first, second = Candidate(server, "a"), Candidate(server, "b")
    first.step(0)
    second.step(0)
    assert server.lease is not None
    given_up = first.election.release(server.lease, wall=1)
    assert given_up is not None
    assert server.write(given_up)
    assert not first.leads(1)
    second.step(1)
    assert second.leads(1)
    assert second.election.release({"spec": {"holderIdentity": "x"}}, wall=1) is None


@given(
    steps=st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 6), st.booleans()), max_size=60)
)
def test_two_never_lead_at_once(steps: list[tuple[str, float, bool]]) -> None:
    """However the candidates' steps fall, and whichever writes are lost."""
    server = Server()
    skews = {"a": 0.0, "b": 1e6, "c": 123.0}
    candidates = {name: Candidate(server, name, skew=skews[name]) for name in "abc"}
    now = 0.0
    for name, pause, answer_is_lost in steps:
        now += pause
        candidate = candidates[name]
        if answer_is_lost:
            local = now + candidate.skew
            verb, obj = candidate.election.consider(server.lease, now=local, wall=local)
            if verb != "wait":
                server.write(obj)
        else:
            candidate.step(now)
        assert sum(each.leads(now) for each in candidates.values()) <= 1
