"""The netcore scheduler: watch, queue, plan, bind and explain.

`simulate` asks it what it would do, without a cluster.
"""

from netcore_scheduler.simulate import SimulationError, simulate

__all__ = ["SimulationError", "simulate"]
