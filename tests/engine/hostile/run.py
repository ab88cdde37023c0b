"""Many hostile inputs, in chunks of which each starts from its own seed and a new world."""

import sys
from collections import Counter
from dataclasses import dataclass, field

from engine.hostile import (
    all_pairs_surfaces,
    cluster_surfaces,
    estimate_surfaces,
    group_surfaces,
    topology_surfaces,
)
from engine.hostile.registry import SURFACES
from engine.hostile.values import Source
from engine.hostile.world import World, wrong_in_state

CHUNK = 250
# Each enlists what it tries.
PARTS = (
    all_pairs_surfaces,
    cluster_surfaces,
    estimate_surfaces,
    group_surfaces,
    topology_surfaces,
)


@dataclass(slots=True)
class Outcome:
    """What came of a run."""

    inputs: int = 0
    failures: list[str] = field(default_factory=list)
    by_surface: Counter[str] = field(default_factory=Counter)


def run(seed: int, inputs: int) -> Outcome:
    """Try so many inputs, in whole chunks; the same ones for the same seed."""
    outcome = Outcome()
    for chunk in range(-(-inputs // CHUNK)):
        run_chunk(seed, chunk, CHUNK, outcome)
    return outcome


def run_chunk(seed: int, chunk: int, inputs: int, outcome: Outcome, *, trace: bool = False) -> None:
    """Try a chunk; with `trace` each input is shown first, in case it ends the process."""
    source = Source(f"{seed}:{chunk}")
    world = World()
    for number in range(inputs):
        surface = source.one_of(SURFACES)
        case = surface(source, world)
        if trace:
            print(f"{chunk}.{number} {surface.__name__}: {case}", file=sys.stderr, flush=True)
        outcome.inputs += 1
        outcome.by_surface[surface.__name__] += 1
        if verdict := case.judged():
            where = f"seed {seed}, chunk {chunk}, input {number}, {surface.__name__}"
            outcome.failures.append(f"{where}: {verdict}\n    {case}")
    if wrong := wrong_in_state(world.state):
        outcome.failures.append(f"seed {seed}, after chunk {chunk}: {wrong}")
