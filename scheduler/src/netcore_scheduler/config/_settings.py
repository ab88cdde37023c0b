"""A whole KubeSchedulerConfiguration as frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from netcore import InvalidInputError, Profile
from netcore_scheduler.config._arguments import decode_arguments
from netcore_scheduler.config._decode import Reader
from netcore_scheduler.config._errors import ConfigurationError, invalid, shown
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

    @property
    def queue_sort(self) -> bytes:
        """The queue sort with its arguments; profiles with equal ones share a queue."""
        return orjson.dumps(orjson.loads(self.engine_json)["queueSort"])

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
        qps: Requests a second that a client may send on average; 0 or less sets no limit.
        burst: Requests that a client may send at once.
        parallelism: Threads that upstream filters with; the engine needs none.
        percentage_of_nodes_to_score: How many nodes upstream would look at; the engine looks at
            all of them. None where it is not said.
        warnings: What was accepted but has no effect, for people.
    """

    profiles: tuple[ProfileSettings, ...]
    initial_backoff_s: float = 1.0
    max_backoff_s: float = 10.0
    leader_election: LeaderElection = LeaderElection()
    kubeconfig: str = ""
    qps: float = 50.0
    burst: int = 100
    parallelism: int = 16
    percentage_of_nodes_to_score: int | None = None
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
    is_given = document is not None
    if document is None:
        document = {"profiles": [{"schedulerName": DEFAULT_SCHEDULER_NAME}]}
    reader = Reader(document, "")
    _check(reader, "apiVersion", API_VERSION)
    _check(reader, "kind", KIND)
    warnings: list[str] = []
    profiles = _profiles(reader, warnings)
    initial, longest = _backoff(reader)
    parallelism = reader.integer("parallelism", 16)
    if parallelism <= 0:
        detail = "should be an integer value greater than zero"
        raise invalid("parallelism", parallelism, detail)
    percentage = _percentage_of_nodes_to_score(reader, warnings)
    leader_election = _leader_election(reader.child("leaderElection"))
    connection = reader.child("clientConnection")
    kubeconfig = connection.text("kubeconfig")
    qps = connection.number("qps", 0) or 50.0
    burst = connection.integer("burst", 0) or 100
    if burst < 0:
        raise invalid(connection.at("burst"), burst, "must be non-negative")
    for key in ("acceptContentTypes", "contentType"):
        connection.get(key)
    connection.finish()
    for key in ("enableProfiling", "enableContentionProfiling", "delayCacheUntilActive"):
        reader.boolean(key, default=False)
    if reader.get("extenders"):
        warnings.append("extenders: netcore calls no extenders yet")
    reader.finish()
    return SchedulerConfiguration(
        profiles=profiles,
        initial_backoff_s=float(initial),
        max_backoff_s=float(longest),
        leader_election=leader_election,
        kubeconfig=kubeconfig,
        qps=qps,
        burst=burst,
        parallelism=parallelism,
        percentage_of_nodes_to_score=percentage,
        warnings=tuple(warnings) if is_given else (),
    )


def _backoff(reader: Reader) -> tuple[int, int]:
    initial = reader.integer("podInitialBackoffSeconds", 1)
    if initial <= 0:
        raise invalid("podInitialBackoffSeconds", initial, "must be greater than 0")
    longest = reader.integer("podMaxBackoffSeconds", 10)
    if longest < initial:
        detail = "must be greater than or equal to PodInitialBackoffSeconds"
        raise invalid("podMaxBackoffSeconds", longest, detail)
    return initial, longest


def _percentage_of_nodes_to_score(reader: Reader, warnings: list[str]) -> int | None:
    key = "percentageOfNodesToScore"
    if reader.get(key) is None:
        return None
    percentage = reader.integer(key, 0)
    if not 0 <= percentage <= 100:
        raise invalid(reader.at(key), percentage, "not in valid range [0-100]")
    if percentage not in {0, 100}:
        warnings.append(f"{reader.at(key)}: netcore always scores all nodes")
    return percentage


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
            raise ConfigurationError(f"{path}.schedulerName: Duplicate value: {shown(name)}")
        sets = decode_plugin_sets(profile.child("plugins"))
        arguments = _arguments(profile)
        _percentage_of_nodes_to_score(profile, warnings)
        profile.finish()
        resolved, found = resolve(sets, arguments, path=path)
        warnings += found
        profiles[name] = ProfileSettings(
            name, _engine_form({"schedulerName": name} | resolved, path)
        )
    return tuple(profiles.values())


def _engine_form(document: dict[str, Any], path: str) -> bytes:
    """The profile as the engine takes it, with its own checks passed."""
    form = orjson.dumps(document)
    try:
        Profile(form)
    except InvalidInputError as error:
        raise ConfigurationError(f"{path}: {error}") from error
    return form


def _arguments(profile: Reader) -> dict[str, Any]:
    """Arguments by plugin."""
    arguments: dict[str, Any] = {}
    for entry in profile.children("pluginConfig"):
        name = known_plugin(entry.text("name"), entry.at("name"))
        if name in arguments:
            raise ConfigurationError(f"{entry.at('name')}: Duplicate value: {shown(name)}")
        arguments[name] = decode_arguments(name, entry.child("args"))
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
        detail = 'resourceLock value must be "leases"'
        raise invalid("leaderElection.resourceLock", lock, detail)
    if not election.lease_s > election.renew_s > election.retry_s > 0:
        raise ConfigurationError(
            "leaderElection: leaseDuration must exceed renewDeadline, and that retryPeriod"
        )
    reader.finish()
    return election
