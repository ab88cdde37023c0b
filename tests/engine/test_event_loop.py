"""The engine works without the GIL: an event loop goes on while a plan is made in a thread."""

import asyncio
import itertools
import time

from engine.objects import cluster, node, pod, profile

NODES = 1000
PODS = 3000
TICK_S = 0.002
ATTEMPTS = 5


async def longest_pause(work) -> tuple[float, float]:
    """How long the work took in a thread, and the longest that the loop stood still meanwhile."""
    pauses = []

    def timed() -> tuple[float, float]:
        started = time.perf_counter()
        work()
        return started, time.perf_counter()

    async def tick() -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(TICK_S)
            now = time.perf_counter()
            pauses.append((before, now))
            before = now

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(5 * TICK_S)
    started, ended = await asyncio.to_thread(timed)
    await asyncio.sleep(5 * TICK_S)
    ticking.cancel()
    meanwhile = [min(end, ended) - max(begin, started) for begin, end in pauses]
    return ended - started, max(meanwhile)


async def test_the_event_loop_goes_on_while_a_large_plan_is_made() -> None:
    state = cluster(
        *(("Node", node(f"n{index}", cpu="64")) for index in range(NODES)),
        # No two are alike: each is decided by itself.
        *(("Pod", pod(f"p{index}", cpu=f"{index + 1}m")) for index in range(PODS)),
    )
    keys = [f"ns/p{index}" for index in range(PODS)]
    own = profile()

    def plan() -> None:
        decisions = state.plan(own, keys, commit=False).decisions
        assert all(decision.node for decision in decisions)

    # On a crowded machine another process may stop the loop: with the GIL held, no attempt could
    # do better than the control.
    for _ in range(ATTEMPTS):
        took_s, paused_s = await longest_pause(plan)
        if paused_s < took_s / 3:
            break
    else:
        raise AssertionError(f"the loop stood still for {paused_s:.3f} of {took_s:.3f} s")
    assert took_s > 20 * TICK_S, "too quick to tell: plan more pods"

    # The control: one call that takes about as long and keeps the GIL stops the loop for all of it.
    started = time.perf_counter()
    sum(itertools.repeat(1, 1_000_000))
    numbers = int(1_000_000 * took_s / (time.perf_counter() - started)) + 1
    took_s, paused_s = await longest_pause(lambda: sum(itertools.repeat(1, numbers)))
    assert paused_s > 0.9 * took_s
