"""The controllers: each compares what is with what should be, and closes the gap.

The parts, from the decision outwards:

- a controller (`deployment`, `replica_set`, `garbage`, …): a pure `reconcile` of what it saw;
- `shell`: its queue and workers, which perform the actions and learn the answers;
- `hub`, `cache`, `informer`: what all controllers know, kept in step by one watch a resource.

No pod is ever created twice. A key is worked on by one worker at a time; the answer to a create
stands in the cache before that key is looked at again, whatever the watch has delivered by then;
and after a restart nothing is decided before every cache holds all that was acknowledged.
"""

from netcore_cluster.controllers.run import run_controllers
from netcore_cluster.controllers.settings import ControllerSettings

__all__ = ["ControllerSettings", "run_controllers"]
