"""What a controller wants done: values that its shell performs, one after another.

Every action is safe to repeat: a create of a fixed name finds it there, an update carries the
version that it was decided on, a delete carries the uid.
"""

from dataclasses import dataclass, field
from typing import Any, Literal

from netcore_cluster.api.errors import Object
from netcore_cluster.controllers.objects import Reference

Propagation = Literal["Background", "Foreground", "Orphan"]


@dataclass(frozen=True, slots=True)
class Emit:
    """Post an Event about an object.

    Attributes:
        about: The object that `kubectl describe` shows the event under.
        warning: Type Warning rather than Normal.
        message: What happened; `{name}` stands for the name that the object written got.
    """

    about: Reference
    reason: str
    message: str
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Create:
    """Create an object; consecutive creates run side by side, in batches that double."""

    resource: str
    obj: Object
    event: Emit | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """Replace an object, or its status, unless it has changed since `obj` was read."""

    resource: str
    obj: Object
    subresource: str = ""
    event: Emit | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """Change part of an object, by JSON merge patch."""

    resource: str
    namespace: str
    name: str
    patch: dict[str, Any]
    subresource: str = ""
    event: Emit | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the object with this uid; consecutive deletes run side by side.

    Attributes:
        version: Only this version of it, where set.
        grace_s: Grace period; None leaves it to the object's own.
    """

    resource: str
    namespace: str
    name: str
    uid: str
    version: int | None = None
    grace_s: int | None = None
    propagation: Propagation | None = None
    event: Emit | None = None

    def options(self) -> Object:
        """The DeleteOptions of the request."""
        preconditions: Object = {"uid": self.uid}
        if self.version is not None:
            preconditions["resourceVersion"] = str(self.version)
        options: Object = {"preconditions": preconditions}
        if self.grace_s is not None:
            options["gracePeriodSeconds"] = self.grace_s
        if self.propagation is not None:
            options["propagationPolicy"] = self.propagation
        return options


@dataclass(frozen=True, slots=True)
class Requeue:
    """Look at the key again after a while, though nothing may have changed by then."""

    after_s: float = field(default=0.0)


Write = Create | Update | Patch | Delete
Action = Write | Emit | Requeue
