"""The shape of a controller: what it wants to hear of, what it looks at, what it wants done.

A controller is level-based: `reconcile` compares what is with what should be and says which
actions close the gap, whatever events led there and however many were missed. It is pure; the
shell (`shell.py`) calls it, performs the actions and tells what failed.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import ClassVar, Final, Generic, TypeVar

from netcore_cluster.api.errors import ApiError
from netcore_cluster.controllers.actions import Action, Write
from netcore_cluster.controllers.cache import Change

K = TypeVar("K", bound=Hashable)
O = TypeVar("O")  # noqa: E741  (what was observed)

Interest = Callable[[Change], Iterable[K]]

EVERY_RESOURCE: Final = "*"


class Controller(ABC, Generic[K, O]):
    """One control loop.

    Attributes:
        name: How it signs its events.
        workers: How many keys it works on at a time.
        rest_s: How long a key rests after it was looked at; more where its work takes long.
    """

    name: ClassVar[str]
    workers: ClassVar[int] = 2
    rest_s: ClassVar[float] = 0.0

    @abstractmethod
    def interests(self) -> Mapping[str, Interest[K]]:
        """For each resource: which keys a change of an object touches.

        `EVERY_RESOURCE` stands for all of them, custom resources too.
        """

    @abstractmethod
    async def observe(self, key: K) -> O | None:
        """What there is to know about a key now; None where there is nothing left to do for it.

        Raises:
            ApiError: The API server could not be asked; the key is tried again.
        """

    @abstractmethod
    def reconcile(self, observed: O, now: float) -> Sequence[Action]:
        """What to do so that what is becomes what should be; pure and idempotent."""

    def failed(
        self,
        observed: O,  # noqa: ARG002  (for controllers that override this)
        action: Write,  # noqa: ARG002
        error: ApiError,  # noqa: ARG002
        now: float,  # noqa: ARG002
    ) -> Sequence[Action]:
        """What to do about a write that the API server refused, before the key is tried again."""
        return ()
