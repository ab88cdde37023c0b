"""The embedded broker: amqtt, in this process, with each node held to its own topics.

It speaks MQTT 3.1.1 and keeps nothing over a restart: right for one machine, for tests and for a
small cluster. A large one runs Mosquitto or EMQX, with client certificates and the same rules.
"""

import hmac
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from amqtt.broker import Broker
from amqtt.contexts import Action, BaseContext
from amqtt.errors import BrokerError
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session

from netcore_agents.aggregator.tokens import Tokens
from netcore_agents.settings import SettingsError
from netcore_agents.transport import BrokerAddress
from netcore_agents.wire import Topics, WireError, format_address

# No node can be called so: the underscore is not allowed in a node's name.
_AGGREGATOR: Final = "_aggregator"


@dataclass(frozen=True, slots=True)
class EmbeddedBroker:
    """A broker that runs, and how the aggregator gets in.

    Attributes:
        address: Where it listens.
        username: Of the aggregator.
        password: Of the aggregator; made for this run.
    """

    address: BrokerAddress
    username: str
    password: str = field(repr=False)


class NodeAccess(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc] # amqtt is not typed
    """Who gets in, and to which topics.

    With a tokens file a node shows its token as password. Without one everybody on this machine
    gets in; even then a connection acts for the one node that its user name tells.
    """

    @dataclass
    class Config:
        """What the plugin needs to know."""

        cluster: str
        secret: str
        tokens: Path | None = None

    def __init__(self, context: BaseContext) -> None:
        super().__init__(context)
        config: NodeAccess.Config = self.config
        self._topics = Topics(config.cluster)
        self._secret = config.secret
        self._tokens = Tokens(config.tokens) if config.tokens else None

    async def authenticate(self, *, session: Session) -> bool | None:
        """Let in the aggregator and the nodes, each with a will on its own topic or none."""
        user, password = session.username or "", session.password or ""
        if user == _AGGREGATOR:
            return hmac.compare_digest(password, self._secret)
        if session.will_flag and not self._is_own(user, session.will_topic, "status"):
            return False
        return self._tokens is None or self._tokens.proves(user, password)

    async def topic_filtering(
        self,
        *,
        session: Session | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool | None:
        """Let nodes write their status and reports and read their peers; the aggregator all."""
        user = (session.username if session else None) or ""
        if user == _AGGREGATOR or action == Action.RECEIVE:
            return True
        if action == Action.SUBSCRIBE:
            return self._is_own(user, topic, "peers")
        return self._is_own(user, topic, "status") or self._is_own(user, topic, "report")

    def _is_own(self, user: str, topic: str | None, kind: str) -> bool:
        try:
            return self._topics.parse(topic or "") == (user, kind)
        except WireError:
            return False


@asynccontextmanager
async def embedded_broker(
    address: tuple[str, int], *, cluster: str, tokens: Path | None
) -> AsyncIterator[EmbeddedBroker]:
    """Run a broker for as long as the context is open.

    Args:
        address: IP and port to listen on; port 0 lets the system choose.
        cluster: Name of the cluster.
        tokens: Tokens of the nodes, as `Tokens` reads them.

    Raises:
        SettingsError: It would let in anybody from elsewhere, or the address cannot be bound.
    """
    host, port = address
    if tokens is None and not ip_address(host).is_loopback:
        raise SettingsError(
            f"--embedded-broker {format_address(host, port)}: beyond loopback it needs --tokens, "
            "or anybody could report"
        )
    secret = secrets.token_hex(16)
    access: dict[str, Any] = {"cluster": cluster, "secret": secret}
    if tokens is not None:
        access["tokens"] = tokens
    config = {
        "listeners": {"default": {"type": "tcp", "bind": format_address(host, port)}},
        "plugins": {f"{__name__}.{NodeAccess.__name__}": access},
    }
    broker = Broker(config)
    try:
        await broker.start()
    except BrokerError as error:
        raise SettingsError(f"--embedded-broker {format_address(host, port)}: {error}") from None
    try:
        # amqtt does not tell which port the system chose.
        server: Any = broker._servers["default"].instance  # noqa: SLF001
        port = server.sockets[0].getsockname()[1]
        yield EmbeddedBroker(BrokerAddress(host, port, secure=False), _AGGREGATOR, secret)
    finally:
        await broker.shutdown()
