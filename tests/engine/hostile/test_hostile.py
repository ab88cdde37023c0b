"""The boundary withstands hostile inputs: each ends in a documented error or a right answer."""

from engine.hostile.registry import SURFACES
from engine.hostile.run import run

INPUTS = 5000


def test_hostile_inputs_end_in_an_error_or_a_right_answer() -> None:
    outcome = run(1, INPUTS)
    assert not outcome.failures, "\n".join(outcome.failures[:20])
    assert set(outcome.by_surface) == {surface.__name__ for surface in SURFACES}
