"""Who leads: the decisions of leader election by a Lease, without clock and connection.

A candidate trusts no clock but its own: it takes a lease over when it has not seen it change for
the lease's whole duration. A leader steps down when it could not renew in time, before anyone else
may take over.

Source: client-go's `leaderelection` (lease 15 s, renew deadline 10 s, retry 2 s).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class LeaseSettings:
    """How leadership is held.

    Attributes:
        name: Lease to hold.
        namespace: Where it is.
        identity: Who we are in it; unlike any other candidate's.
        duration_s: How long others must not take the lease over after its last change.
        renew_deadline_s: A leader that could not renew for so long steps down.
        retry_s: Pause between two looks at the lease.
    """

    identity: str
    name: str = "netcore-scheduler"
    namespace: str = "kube-system"
    duration_s: float = 15.0
    renew_deadline_s: float = 10.0
    retry_s: float = 2.0


class LeaderElection:
    """Decides what to write into the lease, and whether we lead."""

    def __init__(self, settings: LeaseSettings) -> None:
        self._settings = settings
        self._seen: object = None
        self._seen_at = 0.0
        self._renewed_at: float | None = None

    def consider(
        self, lease: Mapping[str, Any] | None, *, now: float, wall: float
    ) -> tuple[Literal["create", "replace", "wait"], dict[str, Any]]:
        """Return what to do about the lease as it is on the server.

        Args:
            lease: The object; None where there is none.
            now: Seconds of a clock that never goes back.
            wall: Unix seconds, for people who read the lease.

        Returns:
            The verb, and the object to write (empty for `wait`). A written object carries the
            resourceVersion that was read, so that of two candidates only one succeeds.
        """
        if lease is None:
            return "create", self._object({}, {}, wall)
        spec = lease.get("spec") or {}
        if spec != self._seen:
            self._seen, self._seen_at = spec, now
        holder = spec.get("holderIdentity")
        duration_s = spec.get("leaseDurationSeconds") or self._settings.duration_s
        is_free = not holder or holder == self._settings.identity
        if not is_free and now < self._seen_at + duration_s:
            return "wait", {}
        return "replace", self._object(lease["metadata"], spec, wall)

    def wrote(self, *, started_at: float) -> None:
        """Take note that a write of the lease succeeded; it counts from when it was begun."""
        self._renewed_at = started_at

    def leads(self, *, now: float) -> bool:
        """Tell whether we lead; a leader that is told no must stop at once."""
        return (
            self._renewed_at is not None
            and now < self._renewed_at + self._settings.renew_deadline_s
        )

    def release(self, lease: Mapping[str, Any], *, wall: float) -> dict[str, Any] | None:
        """Return the object that gives the lease up at once; None where it is not ours."""
        spec = lease.get("spec") or {}
        if spec.get("holderIdentity") != self._settings.identity:
            return None
        self._renewed_at = None
        given_up = self._object(lease["metadata"], spec, wall)
        # Absent, not empty: newer API servers refuse an empty name.
        del given_up["spec"]["holderIdentity"]
        given_up["spec"]["leaseDurationSeconds"] = 1
        return given_up

    def _object(
        self, metadata: Mapping[str, Any], spec: Mapping[str, Any], wall: float
    ) -> dict[str, Any]:
        stamp = datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        is_ours = spec.get("holderIdentity") == self._settings.identity
        transitions = spec.get("leaseTransitions") or 0
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": dict(metadata)
            or {"name": self._settings.name, "namespace": self._settings.namespace},
            "spec": {
                "holderIdentity": self._settings.identity,
                "leaseDurationSeconds": int(self._settings.duration_s),
                "acquireTime": spec.get("acquireTime", stamp) if is_ours else stamp,
                "renewTime": stamp,
                "leaseTransitions": transitions if is_ours or not spec else transitions + 1,
            },
        }
