"""Parse the first word, load the one module that it names, run it."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points, version
from typing import Final

from netcore.cli.errors import CommandError

# Name → (what it does, distribution that brings it), in the order of the path of a measurement.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "up": ("run an embedded Kubernetes on this machine", "netcore-cluster"),
    "demo": ("measure, place and explain on one machine, from nothing", "netcore-lab"),
    "agent": ("measure the network from this node", "netcore-agents"),
    "aggregator": ("collect measurements into custom resources", "netcore-agents[aggregator]"),
    "topology": ("show the measured network", "netcore-agents[aggregator]"),
    "scheduler": ("place pods by the network", "netcore-scheduler"),
    "simulate": ("place the pods of files, writing nothing", "netcore-scheduler"),
    "explain": ("tell why a pod is where it is", "netcore-scheduler"),
    "crds": ("print the custom resource definitions", "netcore-k8s"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run `netcore`.

    Args:
        argv: Words after the program's name; those of the process by default.

    Returns:
        Exit code: 0 done, 1 failed, 2 wrong usage.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in {"-h", "--help", "help"}:
        print(_overview())
        return 0 if words else 2
    if words[0] in {"-V", "--version"}:
        print(f"netcore {version('netcore-k8s')}")
        return 0
    name, rest = words[0], words[1:]
    if name not in COMMANDS:
        print(f"netcore: no command {name!r}; see netcore --help", file=sys.stderr)
        return 2
    entry = _find(name)
    if entry is None:
        print(
            f"netcore: {name} comes with another distribution: pip install '{COMMANDS[name][1]}'",
            file=sys.stderr,
        )
        return 2
    module = entry.load()
    parser = argparse.ArgumentParser(
        prog=f"netcore {name}",
        description=module.HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    module.configure(parser)
    try:
        return int(module.run(parser.parse_args(rest)))
    except CommandError as error:
        print(f"netcore {name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output is gone, as with `| head`: nothing is wrong.
        sys.stderr.close()
        return 0


def _find(name: str) -> EntryPoint | None:
    return next(iter(entry_points(group="netcore.commands", name=name)), None)


def _overview() -> str:
    lines = [
        "netcore places Kubernetes pods where the network between them is best.",
        "",
        "usage: netcore COMMAND [options]",
        "",
    ]
    lines += [f"  {name:<12}{help_text}" for name, (help_text, _) in COMMANDS.items()]
    lines += [
        "",
        "netcore COMMAND --help tells more. Begin with: netcore demo",
    ]
    return "\n".join(lines)
