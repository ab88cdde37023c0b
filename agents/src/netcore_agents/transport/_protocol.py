"""What a program may ask of a broker."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


class TransportError(Exception):
    """The broker cannot be reached, refused, or went away; the message names it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A payload on a topic; retained ones are kept by the broker for later subscribers."""

    topic: str
    payload: bytes
    retain: bool = False


class Session(Protocol):
    """One connection to a broker. Each method raises `TransportError` once it is lost."""

    async def publish(self, message: Message) -> None:
        """Hand over a message; returns once the broker has acknowledged it."""

    async def subscribe(self, *topics: str) -> None:
        """Ask for what comes on these topics (filters)."""

    def messages(self) -> AsyncIterator[Message]:
        """What comes, until the connection is lost."""


class Transport(Protocol):
    """A broker that sessions can be opened with."""

    def open(self, will: Message | None = None) -> AbstractAsyncContextManager[Session]:
        """Connect; leaving the context disconnects.

        Args:
            will: What the broker publishes if the connection ends without a farewell.
        """
