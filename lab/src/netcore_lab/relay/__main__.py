"""`python -m netcore_lab.relay`: run a relay as a process of its own."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence

from netcore_lab.relay._addresses import AddressesTakenError, claim_addresses
from netcore_lab.relay._forwarder import Forwarder
from netcore_lab.relay._punctual import be_punctual
from netcore_lab.topology import TopologyError, load_topology


def main(argv: Sequence[str] | None = None) -> int:
    """Bind the addresses, tell them in one line of JSON, forward until SIGTERM."""
    parser = argparse.ArgumentParser(prog="netcore-relay", description=__doc__)
    parser.add_argument("--topology", metavar="FILE", help="topology file (default: 12 nodes)")
    parser.add_argument("--seed", type=int, default=0, help="of loss and jitter (default 0)")
    args = parser.parse_args(argv)
    try:
        topology = load_topology(args.topology)
        nodes, public = claim_addresses([node.name for node in topology.nodes], start=os.getpid())
    except (TopologyError, AddressesTakenError, ValueError) as error:
        print(f"netcore-relay: {error}", file=sys.stderr)
        return 1
    forwarder = Forwarder(topology, nodes, public, seed=args.seed)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: forwarder.stop())
    addresses = {
        node.name: {
            "agent": f"{node.agent[0]}:{node.agent[1]}",
            "public": f"{node.public[0]}:{node.public[1]}",
        }
        for node in nodes
    }
    print(json.dumps({"nodes": addresses, "punctual": be_punctual()}), flush=True)
    forwarder.run()
    for sock in public:
        sock.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
