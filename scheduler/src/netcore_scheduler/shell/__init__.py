"""The scheduler process: watches, plans off the event loop, binds, reports.

It decides nothing: when a pod is tried is the scheduling core's business, where it goes the
engine's.
"""

from netcore_scheduler.shell.health import ListenError
from netcore_scheduler.shell.leadership import LeadershipLostError
from netcore_scheduler.shell.program import Started, run
from netcore_scheduler.shell.settings import Settings

__all__ = ["LeadershipLostError", "ListenError", "Settings", "Started", "run"]
