"""Options of the aggregator."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from netcore_agents.aggregator.core import Policy
from netcore_agents.broker_options import BrokerOptions
from netcore_agents.settings import SettingsError, duration, option, within
from netcore_agents.wire import MAX_PEERS, Topics, parse_address

ENVIRONMENT: Final = "NETCORE_AGGREGATOR_"


def _cluster(text: str) -> str:
    return Topics(text).cluster


def _address(text: str) -> tuple[str, int]:
    return parse_address(text, any_port=True)


def _object(text: str) -> tuple[str, str]:
    namespace, slash, name = text.partition("/")
    if not slash or not namespace or not name:
        raise ValueError("NAMESPACE/NAME is wanted")
    return namespace, name


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(BrokerOptions):
    """Each option's text tells unit and meaning; see `netcore aggregator --help`."""

    cluster: str = option(
        "default", help="name of the cluster, part of each topic", parse=_cluster, metavar="NAME"
    )
    embedded_broker: tuple[str, int] | None = option(
        None,
        help="run an MQTT broker in this process, on this address, instead of --broker; "
        "beyond loopback it needs --tokens",
        parse=_address,
        metavar="IP:PORT",
    )
    listen: tuple[str, int] = option(
        ("127.0.0.1", 8621),
        help="address of the HTTP interface: reports, matrix, health, metrics",
        parse=_address,
        metavar="IP:PORT",
    )
    tokens: Path | None = option(
        None,
        help="file of lines NODE TOKEN: who may report over HTTP (default: nobody), and the "
        "nodes' passwords at the embedded broker",
        parse=Path,
        metavar="FILE",
    )
    kubernetes: bool = option(
        True, help="write NodeNetworks and the NetworkTopology to a cluster", parse=bool
    )
    kubeconfig: Path | None = option(
        None, help="kubeconfig file (default: where kubectl looks)", parse=Path, metavar="FILE"
    )
    context: str | None = option(
        None, help="context of the kubeconfig (default: the current one)", metavar="NAME"
    )
    topology: tuple[str, str] = option(
        ("default", "netcore"),
        help="NetworkTopology that the costs go into",
        parse=_object,
        metavar="NAMESPACE/NAME",
    )
    peers: int = option(
        16,
        help="nodes that each node probes; all where there are fewer",
        parse=within(int, 1, MAX_PEERS),
        metavar="COUNT",
    )
    window: float = option(
        120.0,
        help="seconds of reports that an estimate is made of",
        parse=within(duration, 1, 86400),
        metavar="DURATION",
    )
    valid_for: float = option(
        300.0,
        help="seconds after which a measurement counts as unknown",
        parse=within(duration, 5, 86400),
        metavar="DURATION",
    )
    clock_skew: float = option(
        10.0,
        help="seconds that a node's clock may run ahead",
        parse=within(duration, 0.1, 3600),
        metavar="DURATION",
    )
    heartbeat: float = option(
        60.0,
        help="seconds after which an unchanged NodeNetwork is written again",
        parse=within(duration, 1, 86400),
        metavar="DURATION",
    )
    change: float = option(
        0.15,
        help="relative change of a figure that is worth a write",
        parse=within(float, 0, 10),
        metavar="SHARE",
    )
    writes_per_second: float = option(
        10.0,
        help="writes to the cluster a second, at most",
        parse=within(float, 0.01, 10_000),
        metavar="RATE",
    )
    verbose: bool = option(False, help="log at level DEBUG", parse=bool)

    def __post_init__(self) -> None:
        if (self.broker is None) == (self.embedded_broker is None):
            raise SettingsError("one of --broker and --embedded-broker is needed")
        if self.heartbeat > self.valid_for / 2:
            raise SettingsError(
                "--heartbeat must be at most half of --valid-for: a row would count as unknown "
                "before it is written again"
            )
        self.check_certificate()

    def policy(self) -> Policy:
        """The rules for the core."""
        return Policy(
            peers=self.peers,
            window_s=self.window,
            valid_for_s=self.valid_for,
            skew_s=self.clock_skew,
            change=self.change,
            heartbeat_s=self.heartbeat,
            writes_per_s=self.writes_per_second,
        )
