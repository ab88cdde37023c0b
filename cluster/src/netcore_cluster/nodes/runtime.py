"""What an agent asks of a container runtime, and the runtime that only pretends."""

from typing import ClassVar, Protocol

from netcore_cluster.api.errors import Object


class Runtime(Protocol):
    """Runs the containers of pods; both calls may be repeated and then change nothing more."""

    name: ClassVar[str]

    async def start(self, pod: Object, address: str) -> None:
        """Have the pod's containers run; returns once they do.

        Args:
            pod: The pod.
            address: The address that its network has.
        """

    async def stop(self, uid: str, *, grace_s: int) -> None:
        """End a pod's containers; returns once none runs.

        Args:
            uid: The pod's.
            grace_s: How long they may take before they are killed.
        """


class FakeRuntime:
    """Containers that run from the moment they are asked to until they are asked to end."""

    name: ClassVar = "fake"

    async def start(self, pod: Object, address: str) -> None:
        """Nothing needs to be done."""

    async def stop(self, uid: str, *, grace_s: int) -> None:
        """Nothing needs to be done."""
