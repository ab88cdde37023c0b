"""`netcore aggregator`: collect measurements into custom resources."""

import argparse
import asyncio
import os
from typing import Final

from netcore.cli.errors import CommandError
from netcore.cli.output import add_output_option, print_json
from netcore.kube import KubeConfigError
from netcore.program import configure_logging
from netcore_agents.aggregator.program import Listening
from netcore_agents.aggregator.program import run as run_aggregator
from netcore_agents.aggregator.settings import ENVIRONMENT, Settings
from netcore_agents.settings import SettingsError, add_options, load

HELP: Final = """Collect what agents measure, tell them whom to probe, and publish the network:
a NodeNetwork for each node, and the costs between zones and regions in a NetworkTopology.

  netcore aggregator --broker mqtts://broker:8883 --broker-ca ca.crt
  netcore aggregator --embedded-broker 127.0.0.1:1883 --no-kubernetes

Over HTTP it serves /v1/matrix, /v1/matrix.npz, /metrics, /healthz and /readyz, and takes reports
at POST /v1/reports from the nodes of --tokens. Each option may also stand in the TOML file of
--config or in the environment (NETCORE_AGGREGATOR_LISTEN); flags outrank the environment."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_options(parser, Settings)
    add_output_option(parser)


def run(args: argparse.Namespace) -> int:
    """Aggregate until SIGTERM."""
    try:
        settings = load(Settings, args, os.environ, prefix=ENVIRONMENT)
    except SettingsError as error:
        raise CommandError(str(error)) from error
    configure_logging(verbose=settings.verbose)

    def started(listening: Listening) -> None:
        if args.output == "json":
            print_json({"http": listening.http, "broker": listening.broker}, compact=True)
        else:
            print(f"aggregating from {listening.broker}, HTTP at {listening.http}", flush=True)

    try:
        asyncio.run(run_aggregator(settings, started))
    except (SettingsError, KubeConfigError, OSError) as error:
        raise CommandError(str(error)) from error
    return 0
