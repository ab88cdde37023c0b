"""`netcore scheduler`: place pods by the network."""

import argparse
import asyncio
from pathlib import Path

from netcore import InvalidInputError
from netcore.cli.errors import CommandError
from netcore.cli.output import add_output_option, print_json
from netcore.kube import KubeConfigError
from netcore.program import configure_logging
from netcore_scheduler.config import ConfigurationError, load_configuration
from netcore_scheduler.shell import LeadershipLostError, ListenError, Settings, Started
from netcore_scheduler.shell import run as run_scheduler
from netcore_scheduler.shell.settings import DEFAULT_BINDINGS, DEFAULT_LISTEN, profiles_by_name

HELP = """Place pods by the network, until SIGTERM.

Watches pods, nodes, AppGroups and the measured network, and binds the pods whose schedulerName is
one of its own. Runs beside kube-scheduler; a KubeSchedulerConfiguration can be handed over.

  netcore scheduler --scheduler-name netcore
  netcore scheduler --config kube-scheduler.yaml --leader-elect"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument("--config", metavar="FILE", help="KubeSchedulerConfiguration")
    parser.add_argument(
        "--kubeconfig", type=Path, metavar="FILE", help="default: where kubectl looks"
    )
    parser.add_argument(
        "--scheduler-name",
        action="append",
        default=[],
        metavar="NAME",
        help="place the pods that name NAME; may be repeated (default: the profiles' names)",
    )
    parser.add_argument(
        "--listen",
        type=_address,
        default=DEFAULT_LISTEN,
        metavar="IP:PORT",
        help="address of health and metrics; port 0: any (default 127.0.0.1:10259)",
    )
    parser.add_argument(
        "--bindings",
        type=_positive,
        default=DEFAULT_BINDINGS,
        metavar="N",
        help="bindings under way at once (default 32)",
    )
    parser.add_argument(
        "--leader-elect",
        action="store_true",
        help="act only while holding the Lease, whatever the configuration says",
    )
    parser.add_argument(
        "--until-stdin-ends",
        action="store_true",
        help="stop when standard input ends, for a parent that holds it open",
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="log everything")
    add_output_option(parser)


def run(args: argparse.Namespace) -> int:
    """Run until told to stop."""
    configure_logging(verbose=args.verbose)
    try:
        configuration = load_configuration(args.config)
    except ConfigurationError as error:
        raise CommandError(str(error)) from error
    if args.leader_elect:
        configuration = configuration.with_leader_election()
    settings = Settings(
        configuration=configuration,
        kubeconfig=args.kubeconfig,
        listen=args.listen,
        bindings=args.bindings,
        ends_with_stdin=args.until_stdin_ends,
    )
    profiles = profiles_by_name(configuration, tuple(args.scheduler_name))

    def started(found: Started) -> None:
        host, port = found.listen
        if args.output == "json":
            print_json(
                {"schedulerNames": found.scheduler_names, "listen": f"{host}:{port}"}, compact=True
            )
        else:
            names = ", ".join(found.scheduler_names)
            print(f"scheduling pods of {names}; health and metrics on {host}:{port}", flush=True)

    try:
        asyncio.run(run_scheduler(settings, profiles, started))
    except KubeConfigError as error:
        raise CommandError(str(error)) from error
    except InvalidInputError as error:
        raise CommandError(f"{args.config or 'default configuration'}: {error}") from error
    except ListenError as error:
        raise CommandError(f"--listen {error}") from error
    except ExceptionGroup as group:
        lost = group.subgroup(LeadershipLostError)
        if lost is None:
            raise
        raise CommandError(f"no longer the leader: {lost.exceptions[0]}") from group
    return 0


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not IP:PORT")
    return host.strip("[]"), int(port)


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)
