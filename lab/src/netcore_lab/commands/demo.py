"""`netcore demo`: the whole path on one machine, from nothing."""

import argparse
import asyncio
import sys

from netcore.cli.errors import CommandError
from netcore.cli.output import add_output_option, print_json
from netcore.kube import KubeConfigError
from netcore_lab.demo import DemoError, Report, run_demo

HELP = """Measure, place and explain on one machine, without root and with nothing installed.

Starts an embedded Kubernetes with twelve nodes in three regions, an agent for each behind a relay
that delays its packets as a topology file says, and an aggregator with its own MQTT broker; waits
until all pairs are measured; then places Online Boutique three ways and compares what its calls
feel of the network. Takes about half a minute."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "--topology", metavar="FILE", help="topology file (default: 12 nodes in 3 regions)"
    )
    parser.add_argument(
        "--replicas", type=int, default=3, metavar="N", help="replicas of each service (default 3)"
    )
    parser.add_argument(
        "--keep",
        action="store_true",
        help="leave everything running, with a kubeconfig, until Ctrl-C",
    )
    add_output_option(parser)


def run(args: argparse.Namespace) -> int:
    """Run the demo; progress goes to standard error, the result to standard output."""
    if args.replicas < 1:
        raise CommandError(f"--replicas {args.replicas}: at least 1 is needed")

    def show(report: Report) -> None:
        if args.output == "json":
            print_json(report.as_json())
        else:
            print(report.as_text(), flush=True)

    try:
        asyncio.run(
            run_demo(
                topology_file=args.topology,
                replicas=args.replicas,
                keep=args.keep,
                progress=lambda line: print(line, file=sys.stderr, flush=True),
                result=show,
            )
        )
    except (DemoError, KubeConfigError) as error:
        raise CommandError(str(error)) from error
    return 0
