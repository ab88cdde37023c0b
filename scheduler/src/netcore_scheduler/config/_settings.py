"""A whole KubeSchedulerConfiguration as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from netcore_scheduler.config._decode import Reader
from netcore_scheduler.config._errors import ConfigurationError
from netcore_scheduler.config._profile import decode_plugin_sets, known_plugin, resolve

API_VERSION: Final = "kubescheduler.config.k8s.io/v1"
KIND: Final = "KubeSchedulerConfiguration"
DEFAULT_SCHEDULER_NAME: Final = "netcore"
_UPSTREAM_SCHEDULER_NAME: Final = "default-scheduler"


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    """One profile.

    Attributes:
        scheduler_name: What a pod's `spec.schedulerName` says to be placed by it.
        engine_json: The normalised form that `netcore.Profile` takes.
    """

    scheduler_name: str
    engine_json: bytes

    def renamed(self, scheduler_name: str) -> "ProfileSettings":
        """The same profile under another name."""
        document = orjson.loads(self.engine_json) | {"schedulerName": scheduler_name}
        return ProfileSettings(scheduler_name, orjson.dumps(document))


@dataclass(frozen=True, slots=True)
class LeaderElection:
    """When this process may act.

    Attributes:
        enabled: Without, it always may.
        lease_s: Others wait so long for a silent leader.
        renew_s: A leader that could not renew for so long steps back.
        retry_s: Time between tries.
        name: Name of the Lease; kube-scheduler's own is never the default here.
        namespace: Namespace of the Lease.
    """

    enabled: bool = False
    lease_s: float = 15.0
    renew_s: float = 10.0
    retry_s: float = 2.0
    name: str = "netcore-scheduler"
    namespace: str = "kube-system"


@dataclass(frozen=True, slots=True)
class SchedulerConfiguration:
    """What a KubeSchedulerConfiguration says.

    Attributes:
        profiles: At least one, each with a name of its own.
        initial_backoff_s: First wait of a pod that could not be placed.
        max_backoff_s: Longest such wait.
        leader_election: When this process may act.
        kubeconfig: File named by `clientConnection`; empty looks where kubectl looks.
        warnings: What was accepted but has no effect, for people.
    """

    profiles: tuple[ProfileSettings, ...]
    initial_backoff_s: float = 1.0
    max_backoff_s: float = 10.0
    leader_election: LeaderElection = LeaderElection()
    kubeconfig: str = ""
    warnings: tuple[str, ...] = ()

    def with_leader_election(self) -> "SchedulerConfiguration":
        """The same configuration, with leader election on."""
        return replace(self, leader_election=replace(self.leader_election, enabled=True))


def decode_configuration(document: Mapping[str, Any] | None) -> SchedulerConfiguration:
    """Read a KubeSchedulerConfiguration.

    Args:
        document: The decoded YAML or JSON; None is netcore's default: one profile `netcore`.

    Raises:
        ConfigurationError: A key, plugin or value is unknown or out of range.
    """
    if document is None:
        document = {"profiles": [{"schedulerName": DEFAULT_SCHEDULER_NAME}]}
    reader = Reader(document, "")
    _check(reader, "apiVersion", API_VERSION)
    _check(reader, "kind", KIND)
    warnings: list[str] = []
    profiles = _profiles(reader, warnings)
    initial = reader.integer("podInitialBackoffSeconds", 1, low=1, high=3600)
    longest = reader.integer("podMaxBackoffSeconds", max(10, initial), low=1, high=86400)
    if longest < initial:
        raise ConfigurationError(
            f"podMaxBackoffSeconds: {longest} must not be less than"
            f" podInitialBackoffSeconds, {initial}"
        )
    leader_election = _leader_election(reader.child("leaderElection"))
    connection = reader.child("clientConnection")
    kubeconfig = connection.text("kubeconfig")
    for key in ("acceptContentTypes", "contentType", "qps", "burst"):
        connection.get(key)
    connection.finish()
    _ignored(reader, warnings)
    reader.finish()
    return SchedulerConfiguration(
        profiles=profiles,
        initial_backoff_s=float(initial),
        max_backoff_s=float(longest),
        leader_election=leader_election,
        kubeconfig=kubeconfig,
        warnings=tuple(warnings),
    )


def _check(reader: Reader, key: str, wanted: str) -> None:
    value = reader.text(key, wanted)
    if value != wanted:
        raise ConfigurationError(f"{key}: must be {wanted!r}, not {value!r}")


def _profiles(reader: Reader, warnings: list[str]) -> tuple[ProfileSettings, ...]:
    readers = list(reader.children("profiles"))
    if not readers:
        readers = [Reader({}, "profiles[0]")]
    # As upstream: a lone profile without a name is the default scheduler's.
    default_name = _UPSTREAM_SCHEDULER_NAME if len(readers) == 1 else ""
    profiles: dict[str, ProfileSettings] = {}
    for index, profile in enumerate(readers):
        path = f"profiles[{index}]"
        name = profile.text("schedulerName", default_name)
        if not name:
            raise ConfigurationError(f"{path}.schedulerName: Required value")
        if name in profiles:
            raise ConfigurationError(f"{path}.schedulerName: Duplicate value: {name!r}")
        sets = decode_plugin_sets(profile.child("plugins"))
        arguments = _arguments(profile)
        if profile.integer("percentageOfNodesToScore", 0, low=0, high=100) not in {0, 100}:
            warnings.append(f"{path}.percentageOfNodesToScore: netcore always scores all nodes")
        profile.finish()
        resolved, found = resolve(sets, arguments, path=path)
        warnings += found
        profiles[name] = ProfileSettings(name, orjson.dumps({"schedulerName": name} | resolved))
    return tuple(profiles.values())


def _arguments(profile: Reader) -> dict[str, Any]:
    """Arguments by plugin; the engine, which knows them, checks what they say."""
    arguments: dict[str, Any] = {}
    for entry in profile.children("pluginConfig"):
        name = known_plugin(entry.text("name"), entry.at("name"))
        if name in arguments:
            raise ConfigurationError(f"{entry.at('name')}: Duplicate value: {name!r}")
        value = entry.get("args")
        if value is not None and not isinstance(value, Mapping):
            raise ConfigurationError(f"{entry.at('args')}: must be a mapping")
        arguments[name] = {
            key: item for key, item in (value or {}).items() if key not in {"apiVersion", "kind"}
        }
        entry.finish()
    return arguments


def _leader_election(reader: Reader) -> LeaderElection:
    default = LeaderElection()
    election = LeaderElection(
        enabled=reader.boolean("leaderElect", default=default.enabled),
        lease_s=reader.seconds("leaseDuration", default.lease_s),
        renew_s=reader.seconds("renewDeadline", default.renew_s),
        retry_s=reader.seconds("retryPeriod", default.retry_s),
        name=reader.text("resourceName", default.name),
        namespace=reader.text("resourceNamespace", default.namespace),
    )
    lock = reader.text("resourceLock", "leases")
    if lock != "leases":
        raise ConfigurationError(f"leaderElection.resourceLock: must be 'leases', not {lock!r}")
    if not election.lease_s > election.renew_s > election.retry_s > 0:
        raise ConfigurationError(
            "leaderElection: leaseDuration must exceed renewDeadline, and that retryPeriod"
        )
    reader.finish()
    return election


def _ignored(reader: Reader, warnings: list[str]) -> None:
    """Keys of upstream that mean nothing here; said only where they would change a result."""
    for key in (
        "parallelism",
        "enableProfiling",
        "enableContentionProfiling",
        "delayCacheUntilActive",
    ):
        reader.get(key)
    if reader.integer("percentageOfNodesToScore", 0, low=0, high=100) not in {0, 100}:
        warnings.append("percentageOfNodesToScore: netcore always scores all nodes")
    if reader.get("extenders"):
        warnings.append("extenders: netcore calls no extenders yet")
