"""`netcore topology`: show the measured network."""

import argparse
import asyncio
import math
import shutil
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from netcore.cli.errors import CommandError
from netcore.cli.output import add_output_option, print_json, table
from netcore.kube import ApiError, KubeClient, KubeConfigError
from netcore.resources import NODE, NODE_NETWORK, REGION_LABEL, ZONE_LABEL
from netcore_agents.aggregator.heatmap import heatmap

HELP = """Show the network between the nodes, as measured: a heatmap of the round-trip times and a
table of all links.

  netcore topology                                   from the NodeNetworks of a cluster
  netcore topology --aggregator http://127.0.0.1:8621
  netcore topology --from edge-1                     the links of one node"""

_FIGURES = ("rtt_ms", "rtt_p90_ms", "jitter_ms", "loss", "bandwidth_bps")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", help="default: where kubectl looks"
    )
    parser.add_argument("--context", help="context of the kubeconfig (default: the current one)")
    parser.add_argument(
        "--aggregator", metavar="URL", help="ask an aggregator instead of a cluster"
    )
    parser.add_argument(
        "--from", dest="origin", metavar="NODE", help="only the links from this node"
    )
    parser.add_argument(
        "--no-color", action="store_true", help="no colours (default where output is no terminal)"
    )
    add_output_option(parser)


def run(args: argparse.Namespace) -> int:
    """Print the topology."""
    try:
        links, places = asyncio.run(_read(args))
    except (KubeConfigError, ApiError) as error:
        raise CommandError(str(error)) from error
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        where = args.aggregator or "the API server"
        raise CommandError(f"{where} cannot be reached: {error}") from error
    nodes = sorted(
        {link["origin"] for link in links} | {link["destination"] for link in links},
        key=lambda node: (*places.get(node, ("", "")), node),
    )
    if args.origin is not None:
        if args.origin not in nodes:
            raise CommandError(f"--from {args.origin}: no such node; measured are: {nodes}")
        links = [link for link in links if link["origin"] == args.origin]
    if args.output == "json":
        print_json({"nodes": nodes, "links": links})
        return 0
    if not links:
        print("Nothing is measured yet: are agents and an aggregator running?")
        return 0
    if args.origin is None:
        rtt = {(link["origin"], link["destination"]): link["rtt_ms"] for link in links}
        has_color = sys.stdout.isatty() and not args.no_color
        width = shutil.get_terminal_size().columns
        print(heatmap(nodes, rtt, places, has_color=has_color, width=width))
        print()
    print(_table(links))
    return 0


def _table(links: list[dict[str, Any]]) -> str:
    rows = [
        (
            link["origin"],
            link["destination"],
            _number(link["rtt_ms"], "{:.2f}"),
            _number(link["rtt_p90_ms"], "{:.2f}"),
            _number(link["jitter_ms"], "{:.2f}"),
            _number(link["loss"], "{:.2%}"),
            _number(link["bandwidth_bps"], "{:.3g}"),
        )
        for link in links
    ]
    header = ["from", "to", "rtt ms", "p90 ms", "jitter ms", "loss", "bandwidth bit/s"]
    return table(header, rows)


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


async def _read(
    args: argparse.Namespace,
) -> tuple[list[dict[str, Any]], dict[str, tuple[str, str]]]:
    """Links, and region and zone by node as far as known."""
    if args.aggregator:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session,
            session.get(f"{args.aggregator.rstrip('/')}/v1/matrix") as answer,
        ):
            if answer.status != 200:
                raise CommandError(f"{args.aggregator}: HTTP status {answer.status}")
            return _from_matrix(orjson.loads(await answer.read()))
    async with await KubeClient.connect(args.kubeconfig, context=args.context) as kube:
        nodes, _ = await kube.list_all(NODE)
        try:
            networks, _ = await kube.list_all(NODE_NETWORK)
        except ApiError as error:
            if error.code != 404:
                raise
            raise CommandError(
                "the cluster knows no NodeNetworks: netcore crds | kubectl apply -f -"
            ) from error
    places = {}
    for node in nodes:
        labels = node["metadata"].get("labels") or {}
        places[node["metadata"]["name"]] = (
            labels.get(REGION_LABEL, ""),
            labels.get(ZONE_LABEL, ""),
        )
    now = datetime.now(UTC)
    current = [network for network in networks if _is_valid(network, now)]
    if expired := len(networks) - len(current):
        print(f"{expired} nodes have measured nothing lately: left out", file=sys.stderr)
    return [link for network in current for link in _from_node_network(network)], places


def _from_matrix(
    matrix: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], dict[str, tuple[str, str]]]:
    nodes = matrix["nodes"]
    links = [
        {"origin": origin, "destination": destination}
        | {name: matrix[name][row][column] for name in _FIGURES}
        for row, origin in enumerate(nodes)
        for column, destination in enumerate(nodes)
        if row != column and matrix["loss"][row][column] is not None
    ]
    places = zip(matrix["regions"], matrix["zones"], strict=True)
    return links, dict(zip(nodes, places, strict=True))


def _is_valid(network: Mapping[str, Any], now: datetime) -> bool:
    """Whether a row still counts; one without a date never did."""
    until = (network.get("status") or {}).get("validUntil")
    return until is not None and datetime.fromisoformat(until) >= now


def _from_node_network(network: Mapping[str, Any]) -> list[dict[str, Any]]:
    status = network.get("status") or {}
    missing = [math.nan] * len(status.get("peers", ()))

    def column(name: str) -> list[float]:
        values: list[float] = status.get(name, missing)
        return values

    return [
        {
            "origin": network["metadata"]["name"],
            "destination": peer,
            "rtt_ms": _scaled(rtt, 1e3),
            "rtt_p90_ms": _scaled(p90, 1e3),
            "jitter_ms": _scaled(jitter, 1e3),
            "loss": _scaled(loss, 1e6),
            "bandwidth_bps": _scaled(bandwidth, 1) or None,
        }
        for peer, rtt, p90, jitter, loss, bandwidth in zip(
            status.get("peers", ()),
            column("rttMicros"),
            column("rttP90Micros"),
            column("jitterMicros"),
            column("lossToPpm"),
            column("bandwidthBps"),
            strict=True,
        )
    ]


def _scaled(value: float, unit: float) -> float | None:
    return None if math.isnan(value) else value / unit
