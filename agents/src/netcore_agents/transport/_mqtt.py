"""MQTT 3.1.1 through aiomqtt 2: the form that every broker speaks, amqtt included."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import aiomqtt

from netcore_agents.transport._broker import BrokerAddress
from netcore_agents.transport._protocol import Message, TransportError

log = logging.getLogger(__name__)

_AT_LEAST_ONCE: Final = 1
# Whoever is slower than this many messages loses the newest, counted: the broker would only
# hold them in our stead.
_QUEUE: Final = 10_000


@dataclass(slots=True)
class MqttTransport:
    """A broker.

    Attributes:
        broker: Where it is.
        client_id: Who we are to it; a second connection with the same one replaces the first.
        username: User name; the access rules of the broker hold a node to its own topics by it.
        password: Password, where it asks for one.
        tls: How to verify it and which certificate to show; None speaks without TLS.
        is_durable: Whether the broker keeps our subscriptions and what comes on them while we
            are away.
        keepalive_s: Silence after which either side counts as gone, in seconds.
        timeout_s: Longest wait for an acknowledgement, in seconds.
        discarded: Messages that came faster than they were read.
    """

    broker: BrokerAddress
    client_id: str
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None
    is_durable: bool = False
    keepalive_s: int = 15
    timeout_s: float = 10.0
    discarded: int = 0

    def __str__(self) -> str:
        """The broker's URL."""
        return str(self.broker)

    @asynccontextmanager
    async def open(self, will: Message | None = None) -> AsyncIterator["MqttSession"]:
        """Connect; leaving the context disconnects."""
        client = aiomqtt.Client(
            self.broker.host,
            self.broker.port,
            identifier=self.client_id,
            username=self.username,
            password=self.password,
            tls_context=self.tls,
            clean_session=not self.is_durable,
            keepalive=self.keepalive_s,
            timeout=self.timeout_s,
            queue_type=_counting_queue(self),
            max_queued_incoming_messages=_QUEUE,
            will=aiomqtt.Will(will.topic, will.payload, _AT_LEAST_ONCE, retain=will.retain)
            if will
            else None,
        )
        try:
            async with client:
                yield MqttSession(client)
        except aiomqtt.MqttError as error:
            raise TransportError(f"{self.broker}: {error}") from error


class MqttSession:
    """One connection."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def publish(self, message: Message) -> None:
        """Hand over a message; returns once the broker has acknowledged it."""
        try:
            await self._client.publish(
                message.topic, message.payload, _AT_LEAST_ONCE, retain=message.retain
            )
        except aiomqtt.MqttError as error:
            raise TransportError(f"publishing on {message.topic}: {error}") from error

    async def subscribe(self, *topics: str) -> None:
        """Ask for what comes on these topics."""
        for topic in topics:
            try:
                granted = await self._client.subscribe(topic, _AT_LEAST_ONCE)
            except aiomqtt.MqttError as error:
                raise TransportError(f"subscribing to {topic}: {error}") from error
            if any(int(code if isinstance(code, int) else code.value) >= 0x80 for code in granted):
                raise TransportError(f"subscribing to {topic}: the broker does not allow it")

    async def messages(self) -> AsyncIterator[Message]:
        """What comes, until the connection is lost."""
        try:
            async for message in self._client.messages:
                payload = message.payload if isinstance(message.payload, bytes) else b""
                yield Message(message.topic.value, payload, retain=message.retain)
        except aiomqtt.MqttError as error:
            raise TransportError(str(error)) from error


def _counting_queue(transport: MqttTransport) -> type["asyncio.Queue[aiomqtt.Message]"]:
    class CountingQueue(asyncio.Queue[aiomqtt.Message]):
        def put_nowait(self, item: aiomqtt.Message) -> None:
            try:
                super().put_nowait(item)
            except asyncio.QueueFull:
                transport.discarded += 1
                raise

    return CountingQueue
