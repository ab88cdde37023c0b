"""Options of the agent."""

import platform
from dataclasses import dataclass
from typing import Final

from netcore_agents.broker_options import BrokerOptions
from netcore_agents.settings import SettingsError, duration, option, within
from netcore_agents.wire import Topics, is_node_name, parse_address

ENVIRONMENT: Final = "NETCORE_AGENT_"


def _node(text: str) -> str:
    if not is_node_name(text):
        raise ValueError("a node's name is a DNS subdomain in lower case")
    return text


def _cluster(text: str) -> str:
    return Topics(text).cluster


def _bind(text: str) -> tuple[str, int]:
    return parse_address(text, any_port=True)


def _reflect(text: str) -> str:
    if text not in {"peers", "all"}:
        raise ValueError("peers or all is wanted")
    return text


def parse_peer(text: str) -> tuple[str, str]:
    """Read `NAME=IP:PORT`."""
    name, equals, address = text.partition("=")
    if not equals:
        raise ValueError("NAME=IP:PORT is wanted")
    parse_address(address)
    return _node(name), address


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(BrokerOptions):
    """Each option's text tells unit and meaning; see `netcore agent --help`."""

    node: str = option(
        platform.node().lower(), help="name of this node in Kubernetes", parse=_node, metavar="NAME"
    )
    cluster: str = option(
        "default", help="name of the cluster, part of each topic", parse=_cluster, metavar="NAME"
    )
    bind: tuple[str, int] = option(
        help="address of the probes' UDP socket", parse=_bind, metavar="IP:PORT"
    )
    advertise: tuple[str, int] | None = option(
        None,
        help="address at which other nodes reach that socket (default: --bind)",
        parse=parse_address,
        metavar="IP:PORT",
    )
    health: tuple[str, int] | None = option(
        None,
        help="address of /healthz, /readyz, /metrics over HTTP (default: --bind, but TCP)",
        parse=_bind,
        metavar="IP:PORT",
    )
    interval: float = option(
        1.0,
        help="seconds between two probes to a peer",
        parse=within(duration, 0.01, 3600),
        metavar="DURATION",
    )
    timeout: float = option(
        2.0,
        help="seconds after which a probe counts as lost",
        parse=within(duration, 0.01, 60),
        metavar="DURATION",
    )
    report_interval: float = option(
        30.0,
        help="seconds between two reports",
        parse=within(duration, 0.1, 3600),
        metavar="DURATION",
    )
    buffer: int = option(
        240,
        help="reports kept while the broker is away; the oldest go first",
        parse=within(int, 1, 100_000),
        metavar="COUNT",
    )
    reflect: str = option(
        "peers",
        help="whose probes are answered: peers (nodes that the aggregator named) or all",
        parse=_reflect,
        metavar="WHO",
    )
    peer: tuple[tuple[str, str], ...] = option(
        (),
        help="probe this node besides those that the aggregator names; may be repeated",
        parse=parse_peer,
        metavar="NAME=IP:PORT",
        many=True,
    )
    once: bool = option(
        False, help="measure the --peer nodes for one report, print it, end", parse=bool
    )
    verbose: bool = option(False, help="log at level DEBUG", parse=bool)

    def __post_init__(self) -> None:
        if not is_node_name(self.node):
            raise SettingsError(f"--node is needed: the host's name {self.node!r} is no node name")
        if self.broker is None and not self.once:
            raise SettingsError("--broker is needed: whom to report to, as in mqtt://HOST:1883")
        if self.once and not self.peer:
            raise SettingsError("--once needs --peer: there is no aggregator to name one")
        if self.report_interval < self.interval:
            raise SettingsError("--report-interval must not be shorter than --interval")
        if self.report_interval / self.interval > 4000:
            raise SettingsError("--report-interval may hold 4000 probes to a peer, no more")
        self.check_certificate()
        if self.advertise is None and self.bind[0] in {"0.0.0.0", "::"}:  # noqa: S104
            raise SettingsError(f"--advertise is needed: nobody can probe {self.bind[0]}")
