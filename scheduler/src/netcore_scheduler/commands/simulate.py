"""`netcore simulate`: place the pods of files."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson
import yaml

from netcore.cli.errors import CommandError
from netcore.cli.output import add_output_option, print_json, table
from netcore_scheduler.config import ConfigurationError, load_configuration
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
        action="extend",
        nargs="+",
        required=True,
        metavar="FILE",
        help="YAML or JSON, as many as wanted; - is standard input",
    )
    parser.add_argument(
        "--config", metavar="FILE", help="KubeSchedulerConfiguration (default: netcore's own)"
    )
    parser.add_argument("--seed", type=int, default=0, help="breaks ties (default 0)")
    add_output_option(parser)


def run(args: argparse.Namespace) -> int:
    """Print one decision a pod."""
    found = [document for name in args.filename for document in _documents(name)]
    config = _config(args.config)
    try:
        decisions = simulate([document for _, document in found], config, seed=args.seed)
    except SimulationError as error:
        origin, _ = found[error.index]
        raise CommandError(f"{origin}: {error.problem}") from error
    if args.output == "json":
        print_json(decisions)
    else:
        print(_text(decisions))
    return 0


def _config(path: str | None) -> Any:
    """The configuration of a file, found sound; what it asks for in vain is said."""
    if path is None:
        return None
    documents = [document for _, document in _documents(path)]
    if len(documents) != 1:
        raise CommandError(f"{path}: must hold one document, not {len(documents)}")
    try:
        warnings = load_configuration(path).warnings
    except ConfigurationError as error:
        raise CommandError(str(error)) from error
    for warning in warnings:
        print(f"warning: {path}: {warning}", file=sys.stderr)
    return documents[0]


def _documents(name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The documents of a file that are not empty, each with what to call it in a message."""
    shown = "standard input" if name == "-" else name
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        documents = _decode(content)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{shown}: {error}") from error
    except yaml.YAMLError as error:
        raise CommandError(f"{shown}: not YAML or JSON: {error}") from error
    for number, document in enumerate(documents, start=1):
        if document is None:
            continue
        origin = f"{shown}: document {number}"
        if not isinstance(document, dict):
            raise CommandError(f"{origin}: is not a mapping")
        yield origin, document


def _decode(content: bytes) -> list[Any]:
    """Decode JSON as what it is, a hundred times faster than as the YAML that it is too."""
    try:
        return [orjson.loads(content)]
    except orjson.JSONDecodeError:
        return list(yaml.load_all(content.decode("utf-8"), Loader=_loader()))


def _loader() -> Any:
    """The C loader where PyYAML has it: ten times faster on a cluster's worth of objects."""
    return getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _text(decisions: Sequence[dict[str, Any]]) -> str:
    if not decisions:
        return (
            "No pod is pending: every pod of the files has a node, has ended or is being deleted."
        )
    rows = []
    for decision in decisions:
        nodes = {node["node"]: node for node in decision["nodes"]}
        feasible = sum(node["accepted"] for node in nodes.values())
        chosen = nodes.get(decision["node"])
        total, why = ("", decision["message"])
        if chosen is not None:
            total, why = (str(chosen["total"]), _parts(chosen["scores"]))
        place = decision["node"] or "<none>"
        rows.append((decision["pod"], place, total, f"{feasible}/{len(nodes)}", why))
    placed = Counter(decision["node"] for decision in decisions if decision["node"] is not None)
    pods, on = _count(len(decisions), "pod"), _count(len(placed), "node")
    summary = f"{placed.total()} of {pods} placed on {on}."
    return table(["pod", "node", "total", "feasible", "why"], rows) + "\n\n" + summary


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _parts(scores: dict[str, dict[str, int]]) -> str:
    return " ".join(f"{plugin}={part['weighted']}" for plugin, part in scores.items())
