"""`netcore up`: an embedded Kubernetes on this machine."""

import argparse
import asyncio
import gc
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from netcore.cli.errors import CommandError
from netcore.cli.output import add_output_option, print_json
from netcore.program import configure_logging
from netcore_cluster.api.address import AddressError
from netcore_cluster.api.kubeconfig import KubeconfigError
from netcore_cluster.api.pki import PkiError
from netcore_cluster.control_plane import Running, control_plane
from netcore_cluster.settings import Settings, SettingsError
from netcore_cluster.storage.sqlite import StorageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netcore_cluster.nodes import NodeSpec

HELP = """Run an embedded Kubernetes on this machine until it is told to stop.

An API server that kubectl and every other client use unmodified, the controllers, simulated nodes
(--nodes) and netcore's scheduler. Without --data everything is gone at the end."""

_SWITCH_INTERVAL_S = 0.001


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the cluster's state here")
    parser.add_argument(
        "--address", default="127.0.0.1", metavar="IP", help="listen here (default 127.0.0.1)"
    )
    parser.add_argument(
        "--port", type=_port, default=6443, help="listen on this port; 0: any (default 6443)"
    )
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        help="write how to reach it here, beside what else is in the file "
        "(default: in DIR, or ~/.netcore/kubeconfig)",
    )
    parser.add_argument(
        "--tls",
        type=Path,
        metavar="DIR",
        help="certificates of server and clients, made there if there are none; "
        "needed for an --address that others can reach",
    )
    parser.add_argument(
        "--nodes",
        type=_nodes,
        default=0,
        metavar="N|FILE",
        help="run N simulated nodes (default 0), or those of a file of Node manifests",
    )
    parser.add_argument(
        "--scheduler-config",
        type=Path,
        metavar="FILE",
        help="KubeSchedulerConfiguration of the scheduler, whose profiles it serves "
        "(default: netcore's own, under the names netcore and default-scheduler)",
    )
    parser.add_argument(
        "--no-scheduler", action="store_true", help="leave pods to another scheduler"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="log everything")
    add_output_option(parser)


def run(args: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT."""
    configure_logging(verbose=args.verbose)
    if not args.verbose:
        logging.getLogger().setLevel(logging.WARNING)
    # The storage thread wants the interpreter's lock back from a busy event loop sooner than
    # after the default of 5 ms: every write waits for it.
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    settings = Settings(
        data=args.data,
        address=args.address,
        port=args.port,
        kubeconfig=args.kubeconfig,
        tls=args.tls,
        nodes=_specs(args.nodes),
        runs_scheduler=not args.no_scheduler,
        scheduler_config=args.scheduler_config,
    )
    try:
        asyncio.run(_serve(settings, is_json=args.output == "json"))
    except (AddressError, KubeconfigError, PkiError, SettingsError, StorageError) as error:
        raise CommandError(str(error)) from error
    return 0


async def _serve(settings: Settings, *, is_json: bool) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    async with control_plane(settings) as running:
        _tune_collector()
        _announce(running, is_json=is_json)
        await stopped.wait()


def _tune_collector() -> None:
    """Keeps the cycle collector away from the objects that the server holds.

    They are trees of JSON without cycles, by the million in a large cluster: walking all of them
    stops the server for a second and finds nothing. Young garbage is still looked through.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 1_000)


def _announce(running: Running, *, is_json: bool) -> None:
    if is_json:
        print_json(
            {
                "url": running.url,
                "kubeconfig": str(running.kubeconfig),
                "scheduler": running.schedules,
            },
            compact=True,
        )
        return
    print(f"netcore is up at {running.url}, kubeconfig {running.kubeconfig}", flush=True)


def _port(text: str) -> int:
    value = int(text)
    if not 0 <= value <= 65535:
        raise argparse.ArgumentTypeError(f"{value} is no port")
    return value


def _nodes(text: str) -> int | Path:
    if text.isdecimal():
        return int(text)
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"{text} is neither a number nor a file")
    return path


def _specs(nodes: int | Path) -> "int | Sequence[NodeSpec]":
    if isinstance(nodes, int):
        return nodes
    from netcore_cluster.nodes import NodeFileError, read_node_file

    try:
        return read_node_file(nodes)
    except NodeFileError as error:
        raise CommandError(str(error)) from error
