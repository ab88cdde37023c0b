"""What the scheduler process is told at its start."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netcore_scheduler.config import ProfileSettings, SchedulerConfiguration

DEFAULT_BINDINGS: Final = 32
DEFAULT_LISTEN: Final = ("127.0.0.1", 10259)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Options of the process; what a KubeSchedulerConfiguration says is in `configuration`.

    Attributes:
        configuration: Profiles, backoff, leader election.
        kubeconfig: File; None looks where kubectl looks.
        listen: Address of health and metrics; port 0 takes any.
        bindings: Bindings under way at once; also the connections of the binding client.
        batch: Pods planned at once. A batch is planned on one state of the cluster, so a large
            one sees changes late, a small one pays the hand-over to the engine more often.
        grace_s: Seconds that bindings under way get after SIGTERM.
        ends_with_stdin: Stop when standard input ends, as it does when the parent dies.
    """

    configuration: SchedulerConfiguration
    kubeconfig: Path | None = None
    listen: tuple[str, int] = DEFAULT_LISTEN
    bindings: int = DEFAULT_BINDINGS
    batch: int = 256
    grace_s: float = 10.0
    ends_with_stdin: bool = False


def profiles_by_name(
    configuration: SchedulerConfiguration, names: tuple[str, ...]
) -> dict[str, ProfileSettings]:
    """Give each scheduler name its profile.

    Args:
        configuration: What is configured.
        names: Names to serve; a name without a profile of its own gets the first one. Empty
            serves the names of the profiles.
    """
    own = {profile.scheduler_name: profile for profile in configuration.profiles}
    if not names:
        return own
    first = configuration.profiles[0]
    return {name: own.get(name) or first.renamed(name) for name in names}
