"""`netcore simulate`: place the pods of files."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from netcore.cli.errors import CommandError
from netcore.cli.output import add_output_option, print_json, table
from netcore_scheduler.config import ConfigurationError
from netcore_scheduler.simulate import SimulationError, simulate

HELP = """Place the pending pods of files, as the scheduler would, writing nothing.

The files hold nodes, pods, AppGroups, NodeNetworks and NetworkTopologies in YAML or JSON, several
documents or Lists in one; a pod without nodeName is pending.

  kubectl get nodes,pods,appgroups,networktopologies,nodenetworks -A -o json > cluster.json
  netcore simulate -f cluster.json -f new-pods.yaml"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser.add_argument(
        "-f",
        "--filename",
        action="append",
        required=True,
        metavar="FILE",
        help="YAML or JSON; - is standard input; may be repeated",
    )
    parser.add_argument(
        "--config", metavar="FILE", help="KubeSchedulerConfiguration (default: netcore's own)"
    )
    parser.add_argument("--seed", type=int, default=0, help="breaks ties (default 0)")
    add_output_option(parser)


def run(args: argparse.Namespace) -> int:
    """Print one decision a pod."""
    objects = [obj for name in args.filename for obj in _documents(name)]
    config = None
    if args.config:
        found = list(_documents(args.config))
        if len(found) != 1:
            raise CommandError(f"{args.config}: must hold one document, not {len(found)}")
        config = found[0]
    try:
        decisions = simulate(objects, config, seed=args.seed)
    except ConfigurationError as error:
        raise CommandError(f"{args.config}: {error}" if args.config else str(error)) from error
    except SimulationError as error:
        raise CommandError(f"{', '.join(args.filename)}: {error}") from error
    if args.output == "json":
        print_json(decisions)
    else:
        print(_text(decisions))
    return 0


def _documents(name: str) -> Iterator[dict[str, Any]]:
    """Documents of a file, each a mapping."""
    shown = "standard input" if name == "-" else name
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
        documents = list(yaml.load_all(text, Loader=_loader()))
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{shown}: {error}") from error
    except yaml.YAMLError as error:
        raise CommandError(f"{shown}: not YAML or JSON: {error}") from error
    for index, document in enumerate(documents, start=1):
        if document is None:
            continue
        if not isinstance(document, dict):
            raise CommandError(f"{shown}: document {index} is not a mapping")
        yield document


def _loader() -> Any:
    """The C loader where PyYAML has it: ten times faster on a cluster's worth of objects."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _text(decisions: Sequence[dict[str, Any]]) -> str:
    if not decisions:
        return "No pod is pending: every pod of the files has a nodeName."
    rows = []
    for decision in decisions:
        nodes = decision["nodes"]
        feasible = sum(node["accepted"] for node in nodes)
        if decision["node"] is None:
            rows.append((decision["pod"], "<none>", "", f"0/{len(nodes)}", decision["message"]))
        else:
            chosen = next(node for node in nodes if node["node"] == decision["node"])
            rows.append(
                (
                    decision["pod"],
                    decision["node"],
                    str(chosen["total"]),
                    f"{feasible}/{len(nodes)}",
                    _parts(chosen["scores"]),
                )
            )
    placed = Counter(decision["node"] for decision in decisions if decision["node"] is not None)
    summary = f"{placed.total()} of {len(decisions)} pods placed on {len(placed)} nodes."
    return table(["pod", "node", "total", "feasible", "why"], rows) + "\n\n" + summary


def _parts(scores: dict[str, dict[str, float]]) -> str:
    return " ".join(f"{plugin}={part['weighted']:g}" for plugin, part in scores.items())
