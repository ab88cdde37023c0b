"""KubeSchedulerConfiguration, read as kube-scheduler reads it.

An existing configuration can be handed over: profiles, `multiPoint`, per-point sets, `"*"`,
weights and arguments mean what they mean upstream. Where netcore differs on purpose:

- The default set of plugins holds netcore's own too (AppGroupSort, NetworkLimits, NetworkCost).
  For a pod without an AppGroup they do nothing. A profile that enables Diktyo's plugins gets
  Diktyo's behaviour: netcore's counterparts are then on only where they are enabled by name.
- Profiles may differ in their queue sort: the pods of each are sorted on their own.
- Each profile may have a queue sort of its own: its pods wait in a queue of their own then.
- A profile without a queue sort sorts by PrioritySort, with a warning, where upstream refuses.
- A plugin of upstream that netcore does not have yet is left out with a warning.
"""

from netcore_scheduler.config._errors import ConfigurationError
from netcore_scheduler.config._load import load_configuration
from netcore_scheduler.config._settings import (
    LeaderElection,
    ProfileSettings,
    SchedulerConfiguration,
    decode_configuration,
)

__all__ = [
    "ConfigurationError",
    "LeaderElection",
    "ProfileSettings",
    "SchedulerConfiguration",
    "decode_configuration",
    "load_configuration",
]
