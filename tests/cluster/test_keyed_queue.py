import pytest
from hypothesis import given
from hypothesis import strategies as st

from netcore_cluster.controllers.keyed_queue import KeyedQueue


def test_a_key_added_often_is_taken_once():
    queue = KeyedQueue()
    for _ in range(3):
        queue.add("a", 0.0)
    assert queue.take(0.0) == "a"
    assert queue.take(0.0) is None


def test_a_key_added_while_worked_on_comes_again_afterwards():
    queue = KeyedQueue()
    queue.add("a", 0.0)
    queue.take(0.0)
    queue.add("a", 0.0)
    assert queue.take(0.0) is None
    queue.finish("a", 1.0)
    assert queue.take(1.0) == "a"


def test_failures_back_off_twice_as_long_each_time_up_to_a_limit():
    queue = KeyedQueue(first_backoff_s=1.0, longest_backoff_s=5.0)
    now, waits = 0.0, []
    queue.add("a", now)
    for _ in range(5):
        assert queue.take(now) == "a"
        queue.finish("a", now, failed=True)
        due = queue.next_due()
        waits.append(due - now)
        assert queue.take(due - 0.001) is None
        now = due
    assert waits == [1.0, 2.0, 4.0, 5.0, 5.0]
    queue.take(now)
    queue.finish("a", now)
    queue.add("a", now)
    queue.take(now)
    queue.finish("a", now, failed=True)
    assert queue.next_due() == now + 1.0


def test_an_event_cuts_a_backoff_short():
    queue = KeyedQueue(first_backoff_s=10.0)
    queue.add("a", 0.0)
    queue.take(0.0)
    queue.finish("a", 0.0, failed=True)
    queue.add("a", 1.0)
    assert queue.take(1.0) == "a"


def test_a_key_rests_whatever_happens_meanwhile():
    queue = KeyedQueue()
    queue.add("a", 0.0)
    queue.take(0.0)
    queue.finish("a", 0.0, rest_s=2.0)
    queue.add("a", 0.5)
    queue.add("a", 1.0)
    assert queue.take(1.9) is None
    assert queue.next_due() == 2.0
    assert queue.take(2.0) == "a"
    assert queue.take(2.0) is None


def test_the_earlier_of_two_times_stands():
    queue = KeyedQueue()
    queue.add_at("a", 9.0)
    queue.add_at("a", 3.0)
    queue.add_at("a", 5.0)
    assert queue.next_due() == 3.0
    assert queue.take(3.0) == "a"
    queue.finish("a", 3.0)
    assert queue.next_due() is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "at", "take", "finish", "fail", "rest"]),
            st.integers(0, 3),
            st.floats(0, 5),
        ),
        max_size=60,
    )
)
def test_no_key_is_lost_and_none_is_worked_on_twice_at_once(steps):
    queue: KeyedQueue[int] = KeyedQueue(first_backoff_s=0.1)
    now, running, owed = 0.0, set(), set()
    for step, key, amount in steps:
        now += amount
        if step == "add":
            queue.add(key, now)
            owed.add(key)
        elif step == "at":
            queue.add_at(key, now + amount)
            owed.add(key)
        elif step == "take":
            taken = queue.take(now)
            if taken is not None:
                assert taken not in running
                running.add(taken)
                owed.discard(taken)
        elif key in running:
            running.discard(key)
            queue.finish(key, now, failed=step == "fail", rest_s=amount if step == "rest" else 0)
            if step == "fail":
                owed.add(key)
    for key in list(running):
        queue.finish(key, now)
    found = set()
    while len(queue):
        now = max(now, queue.next_due() or now)
        taken = queue.take(now)
        assert taken is not None
        found.add(taken)
        queue.finish(taken, now)
    assert owed <= found


def test_length_counts_what_waits():
    queue = KeyedQueue()
    queue.add("a", 0.0)
    queue.add_at("b", 4.0)
    assert len(queue) == 2
    queue.take(0.0)
    assert len(queue) == 1


@pytest.mark.parametrize("rest_s", [0.0, 1.0])
def test_a_failure_and_a_rest_both_hold(rest_s):
    queue = KeyedQueue(first_backoff_s=0.5)
    queue.add("a", 0.0)
    queue.take(0.0)
    queue.finish("a", 0.0, failed=True, rest_s=rest_s)
    assert queue.take(0.4) is None
    assert queue.take(max(0.5, rest_s)) == "a"
