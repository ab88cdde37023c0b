"""An MQTT broker in this process: amqtt, for one machine and for tests.

It speaks MQTT 3.1.1, knows no access rules, and keeps nothing over a restart. A cluster in earnest
runs Mosquitto or EMQX, with client certificates and a rule for each node's topics.
"""

import logging
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from netcore_agents.wire import format_address


@asynccontextmanager
async def embedded_broker(address: tuple[str, int]) -> AsyncIterator[tuple[str, int]]:
    """Run a broker while the context lasts; yields its address, with the port that it took.

    Raises:
        OSError: The address cannot be bound.
    """
    with warnings.catch_warnings():
        # Its dependencies' business, told at import.
        warnings.simplefilter("ignore", DeprecationWarning)
        from amqtt.broker import Broker
        from amqtt.errors import BrokerError

    logging.getLogger("amqtt").setLevel(logging.ERROR)
    logging.getLogger("transitions").setLevel(logging.ERROR)
    broker = Broker(
        {
            "listeners": {"default": {"type": "tcp", "bind": format_address(*address)}},
            "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {}},
        }
    )
    try:
        await broker.start()
    except BrokerError as error:
        raise OSError(f"broker on {format_address(*address)}: {error}") from error
    try:
        yield address
    finally:
        await broker.shutdown()
