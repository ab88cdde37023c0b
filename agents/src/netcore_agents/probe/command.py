"""`netcore agent`, and `netcore-agent` on nodes that hold nothing else of netcore."""

import argparse
import asyncio
import dataclasses
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from typing import Final

from netcore_agents.probe.program import Listening
from netcore_agents.probe.program import run as run_agent
from netcore_agents.probe.settings import ENVIRONMENT, Settings
from netcore_agents.settings import SettingsError, add_options, load
from netcore_agents.wire import Report

HELP: Final = """Measure the network from this node: answer the probes of other nodes, probe those
that the aggregator names, and report over MQTT what was measured.

  netcore-agent --node edge-1 --bind 192.0.2.7:8620 --broker mqtt://broker:1883
  netcore-agent --bind 127.0.0.1:0 --once --peer edge-2=192.0.2.8:8620

Each option may also stand in the TOML file of --config (report-interval = "10s") or in the
environment (NETCORE_AGENT_REPORT_INTERVAL=10s); flags outrank the environment, that the file."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_options(parser, Settings)
    parser.add_argument(
        "-o",
        "--output",
        choices=["text", "json"],
        default="text",
        help="text for people (default), json for programs",
    )


def run(args: argparse.Namespace) -> int:
    """Measure until SIGTERM; with --once, for one report.

    Returns:
        Exit code: 0 done, 1 nothing measured or an address not to be bound, 2 a wrong option.
    """
    try:
        settings = load(Settings, args, os.environ, prefix=ENVIRONMENT)
        transport = (
            None
            if settings.once
            else settings.transport(
                client_id=f"netcore-agent-{settings.cluster}-{settings.node}",
                username=settings.node,
            )
        )
    except SettingsError as error:
        print(f"netcore agent: {error}", file=sys.stderr)
        return 2
    _configure_logging(verbose=settings.verbose)

    def started(listening: Listening) -> None:
        if settings.once:
            return
        if args.output == "json":
            print(json.dumps(dataclasses.asdict(listening)), flush=True)
        else:
            print(
                f"{listening.node}: answering probes on {listening.probes} "
                f"(advertised as {listening.advertised}), health on {listening.health}",
                flush=True,
            )

    try:
        report = asyncio.run(run_agent(settings, transport, started))
    except OSError as error:
        print(f"netcore agent: {error}", file=sys.stderr)
        return 1
    if not settings.once:
        return 0
    _print_report(report, as_json=args.output == "json")
    return 0 if report is not None and any(report.received) else 1


def main(argv: Sequence[str] | None = None) -> int:
    """Run `netcore-agent`."""
    parser = argparse.ArgumentParser(
        prog="netcore-agent",
        description=HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    configure(parser)
    return run(parser.parse_args(argv))


def _print_report(report: Report | None, *, as_json: bool) -> None:
    rows = []
    if report is not None:
        for index, peer in enumerate(report.peers):
            sent, received = report.sent[index], report.received[index]
            rows.append(
                {
                    "peer": peer,
                    "rtt_ms": report.rtt_p50_us[index] / 1000 if received else None,
                    "rtt_p90_ms": report.rtt_p90_us[index] / 1000 if received else None,
                    "jitter_ms": report.jitter_us[index] / 1000 if received else None,
                    "sent": sent,
                    "lost_to": sent - report.reached[index],
                    "lost_from": report.reached[index] - received,
                }
            )
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    line = "{:<32}{:>10}{:>10}{:>10}{:>7}{:>9}{:>11}"
    print(line.format("PEER", "RTT MS", "P90 MS", "JITTER MS", "SENT", "LOST TO", "LOST FROM"))
    for row in rows:
        print(line.format(*("-" if cell is None else str(cell) for cell in row.values())))


class _JsonLines(logging.Formatter):
    """One JSON object a line, as all programs of netcore log; written here to stand alone."""

    _STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}

    def format(self, record: logging.LogRecord) -> str:
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = {
            "time": f"{stamp}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {key: value for key, value in vars(record).items() if key not in self._STANDARD}
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _configure_logging(*, verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.getLogger("asyncio").setLevel(logging.WARNING)


if __name__ == "__main__":
    sys.exit(main())
