"""The way to an MQTT broker, behind an interface of our own.

The client library behind it changes its interface with its next major version and drops MQTT
3.1.1: only `_mqtt` knows it.
"""

from netcore_agents.transport._broker import BrokerAddress, parse_broker, tls_context
from netcore_agents.transport._mqtt import MqttTransport
from netcore_agents.transport._protocol import Message, Session, Transport, TransportError
from netcore_agents.transport._reconnect import Backoff, keep_connected

__all__ = [
    "Backoff",
    "BrokerAddress",
    "Message",
    "MqttTransport",
    "Session",
    "Transport",
    "TransportError",
    "keep_connected",
    "parse_broker",
    "tls_context",
]
